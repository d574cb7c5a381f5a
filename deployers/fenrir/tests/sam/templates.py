"""Generates templates that Fenrir accepts, with everything for which SAM generates resources, and prints them by name as JSON.

The templates follow from a seed. Arguments: the number of templates, and the seed.
"""

import json
import random
import sys

LOCATIONS = {"CodeUri": "code/", "ContentUri": "layer/"}
STAGES = ["dev", "Prod", "v1", "pre-prod", "v_2", {"Fn::Sub": "${AWS::StackName}"}]
ALIASES = ["live", "Live2", "pre-prod", "v_1", "a-b_c"]
METHODS = ["get", "POST", "any", "Delete"]
VPC = {"SecurityGroupIds": ["all-sg"], "SubnetIds": ["private"]}
CODE_DIGEST = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"


class Generator:
    """Generates one template."""

    def __init__(self, chooser):
        self.random = chooser
        self.resources = {}
        self.outputs = {}

    def chance(self, probability):
        return self.random.random() < probability

    def some(self, properties, probability=0.35):
        """Some of the properties."""
        return {name: value for name, value in properties.items() if self.chance(probability)}

    def of_type(self, kind):
        return [name for name, found in self.resources.items() if found["Type"].endswith(kind)]

    def one_of_type(self, kind):
        found = self.of_type(kind)
        return self.random.choice(found) if found else None

    def template(self):
        for number in range(self.random.choice([0, 1, 2])):
            self.resources[f"queue{number}"] = {"Type": "AWS::SQS::Queue", "Properties": self.some({"VisibilityTimeout": 60})}
        if self.chance(0.5):
            self.resources["things"] = {"Type": "AWS::Serverless::SimpleTable"}
        for number in range(self.random.choice([0, 0, 1, 2])):
            self.resources[f"layer{number}"] = self.layer()
        if self.chance(0.5):
            self.resources["errors"] = self.alarm()
        for number in range(self.random.choice([0, 1, 2])):
            self.resources[f"api{number}"] = self.api()
        for number in range(self.random.choice([0, 0, 1])):
            self.resources[f"http{number}"] = self.http_api()
        for number in range(self.random.choice([1, 2, 3])):
            name = f"function{number}"
            # Its type is known before its events refer to it.
            self.resources[name] = {"Type": "AWS::Serverless::Function", "Properties": self.function(name)}
        self.authorize()
        self.depend()
        for resource in self.resources.values():
            resource.update(self.some({"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Delete"}, 0.1))
        self.refer()
        return {
            "ProjectName": "org/shop",
            "ConfigName": "development",
            "Transform": "AWS::Serverless-2016-10-31",
            **self.globals(),
            "Resources": dict(self.shuffled(self.resources.items())),
            **({"Outputs": self.outputs} if self.outputs else {}),
        }

    def globals(self):
        """Properties for all resources of a type."""
        function = self.some({"Timeout": 9, "Tags": {"all": "x"}, "MemorySize": 512, "Environment": {"Variables": {"ALL": "x"}}}, 0.15)
        api = self.some({"TracingEnabled": True, "Variables": {"all": "x"}}, 0.15)
        sections = {name: section for name, section in [("Function", function), ("Api", api)] if section}
        return {"Globals": sections} if sections else {}

    def shuffled(self, items):
        items = list(items)
        self.random.shuffle(items)
        return items

    def layer(self):
        properties = self.some({"Description": "d", "CompatibleRuntimes": ["python3.13"], "RetentionPolicy": "Delete", "LicenseInfo": "Ünï 𝄞"})
        return {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": LOCATIONS["ContentUri"], **properties}}

    def alarm(self):
        return {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "Errors",
                "Namespace": "AWS/Lambda", "Period": 60, "Statistic": "Sum", "Threshold": 0,
            },
        }

    def api(self):
        properties = self.some({
            "Cors": "'*'", "TracingEnabled": True, "AlwaysDeploy": True, "Tags": {"team": "shop"}, "Variables": {"a": "b"},
            "EndpointConfiguration": "REGIONAL", "OpenApiVersion": "3.0.1", "MethodSettings": [{"HttpMethod": "*", "ResourcePath": "/*"}],
        })
        auth = {}
        if self.chance(0.5):
            auth["UsagePlan"] = {"CreateUsagePlan": self.random.choice(["PER_API", "SHARED", "NONE"]), **self.some({"Quota": {"Limit": 9, "Period": "DAY"}, "Description": "d"})}
        if auth:
            properties["Auth"] = auth
        kind = self.random.random()
        if kind < 0.15:
            properties["DefinitionBody"] = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": self.random.choice([{}, {"/own": {"get": {}}}])}
            if self.chance(0.5) and "OpenApiVersion" not in properties:
                properties["MergeDefinitions"] = True
        elif kind < 0.25 and not properties.keys() & {"Cors", "Auth", "OpenApiVersion"}:
            properties["DefinitionUri"] = "api.yml"
        return {"Type": "AWS::Serverless::Api", "Properties": {"StageName": self.random.choice(STAGES), **properties}}

    def http_api(self):
        properties = self.some({
            "Tags": {"team": "shop"}, "StageVariables": {"a": "b"}, "FailOnWarnings": True, "Description": "d",
            "StageName": self.random.choice([*STAGES, "$default"]),
        })
        auth = {"EnableIamAuthorizer": True, "DefaultAuthorizer": "AWS_IAM"}
        if self.chance(0.3):
            token = {"IdentitySource": "$request.header.Authorization", "JwtConfiguration": {"audience": ["shop"], "issuer": "https://login.example.com"}}
            auth = {"DefaultAuthorizer": "token", "Authorizers": {"token": token}}
        if self.chance(0.2):
            properties["DefinitionBody"] = {"openapi": "3.0.1", **self.some({"info": {"title": "t", "version": "1"}}, 0.7), "paths": self.random.choice([{}, {"/own": {"get": {}}}])}
        return {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": auth, **properties}}

    def function(self, name):
        properties = {"CodeUri": LOCATIONS["CodeUri"], "Handler": "app.handler", "Runtime": "python3.13"}
        properties.update(self.some({
            "MemorySize": 256, "Description": "d", "Tags": {"team": "shop"}, "Tracing": "Active", "VpcConfig": VPC,
            "ReservedConcurrentExecutions": 5, "VersionDescription": "v",
        }, 0.25))
        properties.update(self.environment())
        properties.update(self.role())
        properties.update(self.published())
        if self.chance(0.3):
            properties["FunctionUrlConfig"] = {"AuthType": self.random.choice(["AWS_IAM", "NONE"])}
        if self.chance(0.4):
            properties["EventInvokeConfig"] = self.invoke_config()
        queue = self.one_of_type("Queue")
        if queue and self.chance(0.2):
            properties["DeadLetterQueue"] = {"Type": "SQS", "TargetArn": {"Fn::GetAtt": [queue, "Arn"]}}
        layers = self.of_type("LayerVersion")
        if layers and self.chance(0.6):
            properties["Layers"] = [{"Ref": layer} for layer in layers]
        kinds = self.random.sample(range(9), self.random.choice([0, 1, 2, 3, 4]))
        events = {f"event{kind}": self.event(kind, name) for kind in kinds}
        properties.update({"Events": found} if (found := {key: event for key, event in events.items() if event}) else {})
        return properties

    def environment(self):
        values = [{"Fn::GetAtt": [queue, "Arn"]} for queue in self.of_type("Queue")]
        values += [{"Ref": name} for name in self.of_type("SimpleTable")]
        values += [{"Fn::Sub": f"${{AWS::Region}}-${{{name}.Arn}}"} for name in self.of_type("SimpleTable")]
        values = [value for value in [*values, "é\x7f\n"] if self.chance(0.3)]
        return {"Environment": {"Variables": {f"V{at}": value for at, value in enumerate(values)}}} if values else {}

    def role(self):
        if self.chance(0.3):
            return {"Role": "all-role"}
        policies = [{"VPCAccessPolicy": {}}]
        policies += [{"DynamoDBCrudPolicy": {"TableName": {"Ref": name}}} for name in self.of_type("SimpleTable")]
        policies += [{"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": [name, "QueueName"]}}} for name in self.of_type("Queue")]
        policies += [{"LambdaInvokePolicy": {"FunctionName": {"Ref": name}}} for name in self.of_type("Function")]
        return {"Policies": self.random.sample(policies, self.random.randint(1, len(policies)))}

    def published(self):
        if self.chance(0.4):
            return {}
        properties = {"AutoPublishAlias": self.random.choice(ALIASES)}
        properties.update(self.some({
            "AutoPublishCodeSha256": CODE_DIGEST, "AutoPublishAliasAllProperties": True, "VersionDeletionPolicy": "Delete", "SnapStart": {"ApplyOn": "PublishedVersions"},
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
        }, 0.15))
        if self.chance(0.5):
            preference = {"Type": self.random.choice(["AllAtOnce", "Canary10Percent5Minutes", "Linear10PercentEvery1Minute"])}
            alarm = self.one_of_type("Alarm")
            preference.update({"Alarms": [{"Ref": alarm}]} if alarm and self.chance(0.5) else {})
            preference.update(self.some({"Hooks": {"PreTraffic": "CodeDeployHook_shop-smoke"}}))
            properties["DeploymentPreference"] = preference
        return properties

    def invoke_config(self):
        config = {"MaximumRetryAttempts": 1}
        destinations = {name: self.destination() for name in ["OnSuccess", "OnFailure"] if self.chance(0.5)}
        if destinations:
            config["DestinationConfig"] = destinations
        return config

    def destination(self):
        queue, function = self.one_of_type("Queue"), self.one_of_type("Function")
        found = [{"Type": "SQS"}, {"Type": "SNS"}]
        found += [{"Type": "SQS", "Destination": {"Fn::GetAtt": [queue, "Arn"]}}] if queue else []
        found += [{"Type": "Lambda", "Destination": {"Fn::GetAtt": [function, "Arn"]}}] if function else []
        return self.random.choice(found)

    def event(self, kind, function):
        queue, api, http = self.one_of_type("Queue"), self.one_of_type("Serverless::Api"), self.one_of_type("HttpApi")
        match kind:
            case 0:
                properties = {"Path": f"/{function}/{{id}}", "Method": self.random.choice(METHODS), "RestApiId": {"Ref": api}}
                return {"Type": "Api", "Properties": properties} if api else None
            case 1:
                properties = {"Path": f"/{function}", "Method": self.random.choice(METHODS), "ApiId": {"Ref": http}}
                if function == "function0" and self.chance(0.5):
                    properties = self.random.choice([{"ApiId": {"Ref": http}}, {"Path": "$default", "Method": "ANY", "ApiId": {"Ref": http}}])
                return {"Type": "HttpApi", "Properties": properties} if http else None
            case 2:
                properties = {"ApiId": {"Ref": http}, **self.some({"Path": f"/{function}/other", "Method": "get"}, 1)}
                return {"Type": "HttpApi", "Properties": properties} if http else None
            case 3:
                properties = {"Queue": {"Fn::GetAtt": [queue, "Arn"]}, **self.some({"BatchSize": 1})}
                return {"Type": "SQS", "Properties": properties} if queue else None
            case 4:
                return {"Type": "SNS", "Properties": {"Topic": "shop-topic", **self.subscription(queue, function)}}
            case 5:
                letters = self.random.choice([{}, {"DeadLetterConfig": {"Type": "SQS"}}, {"DeadLetterConfig": {"Type": "SQS", "QueueLogicalId": f"{function}Dead"}}])
                if queue and self.chance(0.3):
                    letters = {"DeadLetterConfig": {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}}
                properties = {"Schedule": "rate(1 day)", **self.some({"Enabled": False, "Input": "{}", "Description": "d"}), **letters}
                return {"Type": "Schedule", "Properties": properties}
            case 6:
                properties = {"Pattern": {"source": ["orders"]}, **self.some({"Enabled": True, "InputPath": "$.a"})}
                return {"Type": "CloudWatchEvent", "Properties": properties}
            case 7 if self.chance(0.5):
                return {"Type": "DynamoDB", "Properties": {"Stream": "shop-table", "StartingPosition": "LATEST", **self.failed(queue)}}
            case 7:
                return {"Type": "Kinesis", "Properties": {"Stream": "shop-stream", "StartingPosition": "LATEST", **self.failed(queue)}}
            case _:
                return {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": "shop-log", "FilterPattern": "x"}}

    def failed(self, queue):
        if not queue or self.chance(0.5):
            return {}
        return {"DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": [queue, "Arn"]}}}}

    def subscription(self, queue, function):
        properties = self.some({"FilterPolicy": {"store": ["x"]}})
        kind = self.random.random()
        if kind < 0.3:
            properties["SqsSubscription"] = True
        elif queue and kind < 0.6:
            properties["SqsSubscription"] = {
                "QueueArn": {"Fn::GetAtt": [queue, "Arn"]}, "QueueUrl": {"Ref": queue},
                **self.some({"BatchSize": 5, "QueuePolicyLogicalId": f"{function}Senders"}),
            }
        return properties

    def authorize(self):
        """Gives some APIs a function as authorizer, unless the function calls it."""
        functions = [name for name in self.of_type("Function") if not self.resources[name]["Properties"].get("Events")]
        for api in self.of_type("Serverless::Api"):
            properties = self.resources[api]["Properties"]
            if functions and not properties.keys() & {"DefinitionBody", "DefinitionUri"} and self.chance(0.6):
                authorizer = {"FunctionArn": {"Fn::GetAtt": [self.random.choice(functions), "Arn"]}}
                authorizer.update(self.some({"FunctionPayloadType": "TOKEN", "DisableFunctionDefaultPermissions": True}, 0.3))
                properties.setdefault("Auth", {})["Authorizers"] = {"ours": authorizer}
                if self.chance(0.3):
                    properties["Auth"]["DefaultAuthorizer"] = "ours"
        for api in self.of_type("HttpApi"):
            auth = self.resources[api]["Properties"]["Auth"]
            if functions and self.chance(0.5):
                authorizer = {"FunctionArn": {"Fn::GetAtt": [self.random.choice(functions), "Arn"]}, "AuthorizerPayloadFormatVersion": "2.0"}
                authorizer.update(self.some({"EnableFunctionDefaultPermissions": True}, 0.7))
                auth.setdefault("Authorizers", {})["ours"] = authorizer

    def depend(self):
        """Lets the last resources depend on the first ones."""
        functions = self.of_type("Function")
        for name in self.of_type("Queue")[:1] + self.of_type("LayerVersion")[:1]:
            if functions and self.chance(0.3):
                self.resources[functions[-1]]["DependsOn"] = self.random.choice([name, [name]])

    def refer(self):
        """Outputs that refer to what SAM generates."""
        values = []
        for name in self.of_type("Function"):
            properties = self.resources[name]["Properties"]
            values += [{"Fn::GetAtt": [name, "Arn"]}, {"Ref": name}]
            if alias := properties.get("AutoPublishAlias"):
                letters = alias.replace("-", "D").replace("_", "U")
                values += [
                    {"Ref": f"{name}.Alias"}, {"Ref": f"{name}.Version"}, {"Fn::Sub": f"${{{name}.Version.Version}}"},
                    {"Fn::GetAtt": [name, "Version.FunctionArn"]}, {"Fn::GetAtt": [f"{name}.Version", "Version"]},
                    {"Ref": f"{name}Alias{letters}"}, {"Fn::GetAtt": [f"{name}Alias{letters}", "AliasArn"]},
                ]
            if "Policies" in properties:
                values.append({"Fn::GetAtt": [f"{name}Role", "Arn"]})
        for name in self.of_type("Serverless::Api"):
            values += [
                {"Ref": f"{name}.Stage"}, {"Ref": f"{name}.Deployment"}, {"Fn::GetAtt": [name, "RootResourceId"]},
                {"Fn::Sub": f"https://${{{name}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{name}.Stage}}"},
            ]
            if self.resources[name]["Properties"].get("Auth", {}).get("UsagePlan", {}).get("CreateUsagePlan") in ("PER_API", "SHARED"):
                values += [{"Ref": f"{name}.UsagePlan"}, {"Fn::GetAtt": [name, "ApiKey.APIKeyId"]}, {"Ref": f"{name}.UsagePlanKey"}]
        for name in self.of_type("HttpApi"):
            values += [{"Ref": f"{name}.Stage"}, {"Fn::GetAtt": [name, "ApiEndpoint"]}]
        for name in self.of_type("LayerVersion"):
            values += [{"Ref": name}, {"Fn::Sub": f"${{{name}}}"}]
        chosen = [value for value in values if self.chance(0.4)]
        self.outputs = {f"out{at}": {"Value": value} for at, value in enumerate(chosen)}


def main():
    count, seed = map(int, sys.argv[1:])
    chooser = random.Random(seed)
    json.dump({f"generated-{seed}-{number}": Generator(chooser).template() for number in range(count)}, sys.stdout)


if __name__ == "__main__":
    main()
