//! Generated from AWS's schemas by `limits_tests`: `UPDATE_LIMITS=1 cargo test -p fenrir limits`. Do not edit.

use super::Limit::*;
use super::Limits;

/// The names of environment variables that Lambda sets itself.
pub(in crate::rules) const RESERVED_VARIABLES: [&str; 18] = ["_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"];

/// The limits of the properties of each resource type.
pub(in crate::rules) const TYPES: [(&str, Limits); 13] = [
    ("AWS::Serverless::Function", &[Properties(&[
        ("Architectures", &[Items(1, 1), Unique]),
        ("AutoPublishAlias", &[Strictly("a string"), Pattern("^[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*$"), Length(1, 128)]),
        ("AutoPublishAliasAllProperties", &[Strictly("a boolean")]),
        ("DeploymentPreference", &[Properties(&[
            ("TriggerConfigurations", &[Unique, Each(&[Properties(&[
                ("TriggerEvents", &[Unique, Each(&[OneOf(&["DeploymentFailure", "DeploymentReady", "DeploymentRollback", "DeploymentStart", "DeploymentStop", "DeploymentSuccess", "InstanceFailure", "InstanceReady", "InstanceStart", "InstanceSuccess"])])]),
            ])])]),
            ("Type", &[Pattern("^[A-Za-z0-9+=,.@_-]*$"), Length(1, 100)]),
        ])]),
        ("Description", &[Length(0, 256)]),
        ("DurableConfig", &[Properties(&[
            ("ExecutionTimeout", &[Between(1.0, 31622400.0)]),
            ("RetentionPeriodInDays", &[Between(1.0, 90.0)]),
        ])]),
        ("Environment", &[Properties(&[
            ("Variables", &[Keys(&[Pattern("^[a-zA-Z][a-zA-Z0-9_]+$")])]),
        ])]),
        ("EphemeralStorage", &[Properties(&[
            ("Size", &[Between(512.0, 32768.0)]),
        ])]),
        ("EventInvokeConfig", &[Properties(&[
            ("MaximumEventAgeInSeconds", &[Between(60.0, 21600.0)]),
            ("MaximumRetryAttempts", &[Between(0.0, 2.0)]),
        ])]),
        ("FileSystemConfigs", &[Items(0, 1), Each(&[Properties(&[
            ("LocalMountPath", &[Pattern("^/mnt/[a-zA-Z0-9-_.]+$"), Length(0, 160)]),
        ])])]),
        ("FunctionScalingConfig", &[Properties(&[
            ("MaxExecutionEnvironments", &[Between(0.0, 15000.0)]),
            ("MinExecutionEnvironments", &[Between(0.0, 15000.0)]),
        ])]),
        ("FunctionUrlConfig", &[Properties(&[
            ("Cors", &[Properties(&[
                ("AllowHeaders", &[Items(1, 100), Each(&[Length(1, 1024)])]),
                ("AllowMethods", &[Items(1, 6), Each(&[OneOf(&["GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"]), Length(0, 6)])]),
                ("AllowOrigins", &[Items(1, 100), Each(&[Length(1, 253)])]),
                ("ExposeHeaders", &[Items(1, 100), Each(&[Length(1, 1024)])]),
                ("MaxAge", &[Between(0.0, 86400.0)]),
            ])]),
        ])]),
        ("Handler", &[Pattern("^[^\\s]+$"), Length(0, 128)]),
        ("Layers", &[Items(0, 5), Unique]),
        ("PermissionsBoundary", &[Strictly("a string"), Length(20, 2048)]),
        ("PropagateTags", &[Strictly("a boolean")]),
        ("ReservedConcurrentExecutions", &[Between(0.0, f64::INFINITY)]),
        ("VersionDescription", &[Length(0, 256)]),
    ])]),
    ("AWS::Serverless::Api", &[Properties(&[
        ("AlwaysDeploy", &[Strictly("a boolean")]),
        ("ApiKeySourceType", &[Strictly("a string")]),
        ("Auth", &[Properties(&[
            ("DefaultAuthorizer", &[Strictly("a string")]),
            ("UsagePlan", &[Properties(&[
                ("Quota", &[Properties(&[
                    ("Limit", &[Between(0.0, f64::INFINITY)]),
                    ("Offset", &[Between(0.0, f64::INFINITY)]),
                ])]),
                ("Tags", &[Each(&[Properties(&[
                    ("Key", &[Length(1, 128)]),
                    ("Value", &[Length(0, 256)]),
                ])])]),
                ("Throttle", &[Properties(&[
                    ("BurstLimit", &[Between(0.0, f64::INFINITY)]),
                    ("RateLimit", &[Between(0.0, f64::INFINITY)]),
                ])]),
            ])]),
        ])]),
        ("CacheClusterEnabled", &[Strictly("a boolean")]),
        ("CacheClusterSize", &[Strictly("a string")]),
        ("CanarySetting", &[Properties(&[
            ("PercentTraffic", &[Between(0.0, 100.0)]),
            ("StageVariableOverrides", &[Keys(&[Pattern("[a-zA-Z0-9]+")])]),
        ])]),
        ("Description", &[Strictly("a string")]),
        ("DisableExecuteApiEndpoint", &[Strictly("a boolean")]),
        ("EndpointAccessMode", &[Strictly("a string")]),
        ("EndpointConfiguration", &[Properties(&[
            ("VPCEndpointIds", &[Unique]),
        ])]),
        ("FailOnWarnings", &[Strictly("a boolean")]),
        ("MergeDefinitions", &[Strictly("a boolean")]),
        ("MethodSettings", &[Unique, Each(&[Properties(&[
            ("ThrottlingBurstLimit", &[Between(0.0, f64::INFINITY)]),
            ("ThrottlingRateLimit", &[Between(0.0, f64::INFINITY)]),
        ])])]),
        ("MinimumCompressionSize", &[Strictly("an integer")]),
        ("Mode", &[Strictly("a string")]),
        ("OpenApiVersion", &[Strictly("a string")]),
        ("PropagateTags", &[Strictly("a boolean")]),
        ("SecurityPolicy", &[Strictly("a string")]),
        ("StageName", &[Strictly("a string")]),
        ("TracingEnabled", &[Strictly("a boolean")]),
        ("Variables", &[Keys(&[Pattern("[a-zA-Z0-9]+")])]),
    ])]),
    ("AWS::Serverless::HttpApi", &[Properties(&[
        ("Auth", &[Properties(&[
            ("Authorizers", &[Each(&[Properties(&[
                ("AuthorizerPayloadFormatVersion", &[OneOf(&["1.0", "2.0"])]),
            ])])]),
            ("DefaultAuthorizer", &[Strictly("a string")]),
        ])]),
        ("Description", &[Strictly("a string")]),
        ("DisableExecuteApiEndpoint", &[Strictly("a boolean")]),
        ("FailOnWarnings", &[Strictly("a boolean")]),
        ("PropagateTags", &[Strictly("a boolean")]),
    ])]),
    ("AWS::Serverless::LayerVersion", &[Properties(&[
        ("CompatibleArchitectures", &[Each(&[OneOf(&["x86_64", "arm64"])])]),
        ("CompatibleRuntimes", &[Items(0, 15)]),
        ("Description", &[Strictly("a string"), Length(0, 256)]),
        ("LicenseInfo", &[Strictly("a string"), Length(0, 512)]),
        ("PublishLambdaVersion", &[Strictly("a boolean")]),
    ])]),
    ("AWS::Serverless::SimpleTable", &[Properties(&[
        ("PointInTimeRecoverySpecification", &[Needs("RecoveryPeriodInDays", &["PointInTimeRecoveryEnabled"]), Properties(&[
            ("RecoveryPeriodInDays", &[Between(1.0, 35.0)]),
        ])]),
        ("PrimaryKey", &[Properties(&[
            ("Name", &[Strictly("a string"), Length(1, 255)]),
            ("Type", &[OneOf(&["String", "Number", "Binary"])]),
        ])]),
        ("ProvisionedThroughput", &[Properties(&[
            ("ReadCapacityUnits", &[Between(0.0, f64::INFINITY)]),
            ("WriteCapacityUnits", &[Between(0.0, f64::INFINITY)]),
        ])]),
        ("SSESpecification", &[Needs("KMSMasterKeyId", &["SSEType"])]),
    ])]),
    ("AWS::SQS::Queue", &[Properties(&[
        ("DelaySeconds", &[Between(0.0, 900.0)]),
        ("KmsDataKeyReusePeriodSeconds", &[Between(60.0, 86400.0)]),
        ("MaximumMessageSize", &[Between(1024.0, 1048576.0)]),
        ("MessageRetentionPeriod", &[Between(60.0, 1209600.0)]),
        ("ReceiveMessageWaitTimeSeconds", &[Between(0.0, 20.0)]),
        ("Tags", &[Each(&[Properties(&[
            ("Key", &[Length(1, 128)]),
            ("Value", &[Length(0, 256)]),
        ])])]),
        ("VisibilityTimeout", &[Between(0.0, 43200.0)]),
    ])]),
    ("AWS::CloudWatch::Alarm", &[Excludes("ExtendedStatistic", &["Statistic"]), Excludes("Metrics", &["MetricName", "Dimensions", "Period", "Namespace", "Statistic", "ExtendedStatistic", "Unit"]), Excludes("Statistic", &["ExtendedStatistic"]), Excludes("Threshold", &["ThresholdMetricId"]), Excludes("ThresholdMetricId", &["Threshold"]), ExactlyOne(&["Metrics", "MetricName", "EvaluationCriteria"]), Properties(&[
        ("ActionConfiguration", &[Properties(&[
            ("AlarmTagsPropagation", &[Properties(&[
                ("ExcludedTagKeys", &[Items(1, 50), Unique, Each(&[Length(1, 128)])]),
                ("IncludedTagKeys", &[Items(1, 50), Unique, Each(&[Length(1, 128)])]),
            ])]),
        ])]),
        ("AlarmDescription", &[Length(0, 1024)]),
        ("DatapointsToAlarm", &[Between(1.0, f64::INFINITY)]),
        ("Dimensions", &[Items(0, 30), Each(&[Properties(&[
            ("Name", &[Length(1, 255)]),
            ("Value", &[Length(1, 1024)]),
        ])])]),
        ("EvaluateLowSampleCountPercentile", &[Length(1, 255)]),
        ("EvaluationInterval", &[Between(10.0, 3600.0)]),
        ("EvaluationPeriods", &[Between(1.0, f64::INFINITY)]),
        ("MetricName", &[Length(1, 255)]),
        ("Metrics", &[Unique, Each(&[Properties(&[
            ("Id", &[Pattern("^([a-z])([A-Za-z0-9\\_]*)$"), Length(1, 255)]),
            ("MetricStat", &[Properties(&[
                ("Metric", &[Properties(&[
                    ("Dimensions", &[Items(0, 30), Each(&[Properties(&[
                        ("Name", &[Length(1, 255)]),
                        ("Value", &[Length(1, 1024)]),
                    ])])]),
                    ("MetricName", &[Length(1, 255)]),
                    ("Namespace", &[Pattern("^[^:]"), Length(1, 255)]),
                ])]),
                ("Period", &[Between(1.0, f64::INFINITY)]),
                ("Unit", &[OneOf(&["Bits", "Bits/Second", "Bytes", "Bytes/Second", "Count", "Count/Second", "Gigabits", "Gigabits/Second", "Gigabytes", "Gigabytes/Second", "Kilobits", "Kilobits/Second", "Kilobytes", "Kilobytes/Second", "Megabits", "Megabits/Second", "Megabytes", "Megabytes/Second", "Microseconds", "Milliseconds", "None", "Percent", "Seconds", "Terabits", "Terabits/Second", "Terabytes", "Terabytes/Second"])]),
            ])]),
            ("Period", &[Between(1.0, f64::INFINITY)]),
        ])])]),
        ("Namespace", &[Pattern("^[^:]"), Length(1, 255)]),
        ("Period", &[Between(1.0, f64::INFINITY)]),
        ("Tags", &[Items(0, 50), Unique, Each(&[Properties(&[
            ("Key", &[Length(1, 128)]),
            ("Value", &[Length(1, 256)]),
        ])])]),
        ("ThresholdMetricId", &[Length(1, 255)]),
        ("TreatMissingData", &[Length(1, 255)]),
        ("Unit", &[OneOf(&["Bits", "Bits/Second", "Bytes", "Bytes/Second", "Count", "Count/Second", "Gigabits", "Gigabits/Second", "Gigabytes", "Gigabytes/Second", "Kilobits", "Kilobits/Second", "Kilobytes", "Kilobytes/Second", "Megabits", "Megabits/Second", "Megabytes", "Megabytes/Second", "Microseconds", "Milliseconds", "None", "Percent", "Seconds", "Terabits", "Terabits/Second", "Terabytes", "Terabytes/Second"])]),
        ("WarmUpConfiguration", &[Properties(&[
            ("WarmUpPeriodDurationInMinutes", &[Between(1.0, 2880.0)]),
        ])]),
    ])]),
    ("AWS::CloudFront::Distribution", &[Properties(&[
        ("DistributionConfig", &[Properties(&[
            ("CustomErrorResponses", &[Each(&[Needs("ResponseCode", &["ResponsePagePath"]), Properties(&[
                ("ErrorCode", &[OneOf(&["400", "403", "404", "405", "414", "416", "500", "501", "502", "503", "504"])]),
                ("ResponseCode", &[OneOf(&["200", "400", "403", "404", "405", "414", "416", "500", "501", "502", "503", "504"])]),
            ])])]),
            ("OriginGroups", &[Properties(&[
                ("Items", &[Each(&[Properties(&[
                    ("FailoverCriteria", &[Properties(&[
                        ("StatusCodes", &[Properties(&[
                            ("Items", &[Items(1, usize::MAX)]),
                        ])]),
                    ])]),
                    ("Members", &[Properties(&[
                        ("Items", &[Items(2, 2)]),
                    ])]),
                ])])]),
            ])]),
            ("Origins", &[Each(&[Excludes("CustomOriginConfig", &[])])]),
            ("Restrictions", &[Properties(&[
                ("GeoRestriction", &[Properties(&[
                    ("Locations", &[Each(&[OneOf(&["AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW"])])]),
                ])]),
            ])]),
            ("ViewerCertificate", &[Needs("AcmCertificateArn", &["SslSupportMethod"]), ExactlyOne(&["AcmCertificateArn", "CloudFrontDefaultCertificate", "IamCertificateId"]), Properties(&[
                ("MinimumProtocolVersion", &[OneOf(&["SSLv3", "TLSv1", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025", "TLSv1_2016"])]),
            ])]),
        ])]),
    ])]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &[Properties(&[
        ("LoadBalancerAttributes", &[Unique]),
        ("Tags", &[Each(&[Properties(&[
            ("Key", &[Length(1, 128)]),
            ("Value", &[Length(0, 256)]),
        ])])]),
    ])]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", &[Properties(&[
        ("HealthCheckIntervalSeconds", &[Between(5.0, 300.0)]),
        ("HealthCheckPath", &[Length(1, 1024)]),
        ("HealthCheckProtocol", &[OneOf(&["GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP"])]),
        ("HealthCheckTimeoutSeconds", &[Between(2.0, 120.0)]),
        ("HealthyThresholdCount", &[Between(2.0, 10.0)]),
        ("Port", &[Between(1.0, 65535.0)]),
        ("Protocol", &[OneOf(&["GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP"])]),
        ("Tags", &[Each(&[Properties(&[
            ("Key", &[Length(1, 128)]),
            ("Value", &[Length(0, 256)]),
        ])])]),
        ("TargetControlPort", &[Between(1.0, 65535.0)]),
        ("TargetGroupAttributes", &[Unique]),
        ("Targets", &[Unique, Each(&[Properties(&[
            ("Port", &[Between(1.0, 65535.0)]),
            ("QuicServerId", &[Length(1, 256)]),
        ])])]),
        ("UnhealthyThresholdCount", &[Between(2.0, 10.0)]),
    ])]),
    ("AWS::ElasticLoadBalancingV2::Listener", &[Properties(&[
        ("Certificates", &[Unique]),
        ("DefaultActions", &[Unique, Each(&[Properties(&[
            ("FixedResponseConfig", &[Properties(&[
                ("ContentType", &[Length(0, 32)]),
                ("MessageBody", &[Length(0, 1024)]),
                ("StatusCode", &[Pattern("^(2|4|5)\\d\\d$")]),
            ])]),
            ("ForwardConfig", &[Properties(&[
                ("TargetGroups", &[Unique]),
            ])]),
            ("JwtValidationConfig", &[Properties(&[
                ("AdditionalClaims", &[Unique, Each(&[Properties(&[
                    ("Values", &[Unique]),
                ])])]),
            ])]),
            ("Order", &[Between(1.0, 50000.0)]),
            ("RedirectConfig", &[Properties(&[
                ("Host", &[Length(1, 128)]),
                ("Path", &[Length(1, 128)]),
                ("Protocol", &[Pattern("^(HTTPS?|#\\{protocol\\})$")]),
                ("Query", &[Length(0, 128)]),
            ])]),
        ])])]),
        ("ListenerAttributes", &[Unique]),
        ("Port", &[Between(1.0, 65535.0)]),
        ("Tags", &[Items(1, usize::MAX), Each(&[Properties(&[
            ("Key", &[Length(1, 128)]),
            ("Value", &[Length(0, 256)]),
        ])])]),
    ])]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &[Properties(&[
        ("Actions", &[Unique, Each(&[Properties(&[
            ("FixedResponseConfig", &[Properties(&[
                ("ContentType", &[Length(0, 32)]),
                ("MessageBody", &[Length(0, 1024)]),
                ("StatusCode", &[Pattern("^(2|4|5)\\d\\d$")]),
            ])]),
            ("ForwardConfig", &[Properties(&[
                ("TargetGroups", &[Unique]),
            ])]),
            ("JwtValidationConfig", &[Properties(&[
                ("AdditionalClaims", &[Unique, Each(&[Properties(&[
                    ("Values", &[Unique]),
                ])])]),
            ])]),
            ("Order", &[Between(1.0, 50000.0)]),
            ("RedirectConfig", &[Properties(&[
                ("Host", &[Length(1, 128)]),
                ("Path", &[Length(1, 128)]),
                ("Protocol", &[Pattern("^(HTTPS?|#\\{protocol\\})$")]),
                ("Query", &[Length(0, 128)]),
            ])]),
        ])])]),
        ("Conditions", &[Unique, Each(&[Properties(&[
            ("Field", &[Length(0, 64)]),
            ("HostHeaderConfig", &[Properties(&[
                ("RegexValues", &[Unique]),
                ("Values", &[Unique]),
            ])]),
            ("HttpHeaderConfig", &[Properties(&[
                ("RegexValues", &[Unique]),
                ("Values", &[Unique]),
            ])]),
            ("HttpRequestMethodConfig", &[Properties(&[
                ("Values", &[Unique]),
            ])]),
            ("PathPatternConfig", &[Properties(&[
                ("RegexValues", &[Unique]),
                ("Values", &[Unique]),
            ])]),
            ("QueryStringConfig", &[Properties(&[
                ("Values", &[Unique]),
            ])]),
            ("RegexValues", &[Unique]),
            ("SourceIpConfig", &[Properties(&[
                ("Values", &[Unique]),
            ])]),
            ("Values", &[Unique]),
        ])])]),
        ("Priority", &[Between(1.0, 50000.0)]),
        ("Tags", &[Items(1, usize::MAX), Each(&[Properties(&[
            ("Key", &[Length(1, 128)]),
            ("Value", &[Length(0, 256)]),
        ])])]),
        ("Transforms", &[Unique, Each(&[Properties(&[
            ("HostHeaderRewriteConfig", &[Properties(&[
                ("Rewrites", &[Unique]),
            ])]),
            ("UrlRewriteConfig", &[Properties(&[
                ("Rewrites", &[Unique]),
            ])]),
        ])])]),
    ])]),
    ("AWS::Lambda::Permission", &[Properties(&[
        ("Action", &[Pattern("^(lambda:[*]|lambda:[a-zA-Z]+|[*])$"), Length(1, 256)]),
        ("EventSourceToken", &[Pattern("^[a-zA-Z0-9._\\-]+$"), Length(1, 256)]),
        ("Principal", &[Pattern("^.*$"), Length(1, 256)]),
        ("PrincipalOrgID", &[Pattern("^o-[a-z0-9]{10,32}$"), Length(12, 34)]),
    ])]),
];

/// The limits of the properties of each event type.
pub(in crate::rules) const EVENTS: [(&str, Limits); 10] = [
    ("Api", &[Properties(&[
        ("Method", &[Strictly("a string")]),
        ("Path", &[Strictly("a string")]),
        ("ResponseTransferMode", &[OneOf(&["BUFFERED", "STREAM"]), Strictly("a string")]),
        ("TimeoutInMillis", &[Strictly("an integer"), Between(50.0, f64::INFINITY)]),
    ])]),
    ("HttpApi", &[Properties(&[
        ("Method", &[Strictly("a string")]),
        ("Path", &[Strictly("a string")]),
        ("PayloadFormatVersion", &[Strictly("a string")]),
        ("TimeoutInMillis", &[Strictly("an integer")]),
    ])]),
    ("Kinesis", &[Properties(&[
        ("BatchSize", &[Strictly("an integer"), Between(1.0, 10000.0)]),
        ("BisectBatchOnFunctionError", &[Strictly("a boolean")]),
        ("Enabled", &[Strictly("a boolean")]),
        ("FilterCriteria", &[Properties(&[
            ("Filters", &[Items(1, 20), Unique, Each(&[Properties(&[
                ("Pattern", &[Length(0, 4096)]),
            ])])]),
        ])]),
        ("FunctionResponseTypes", &[Items(0, 1), Unique, Each(&[OneOf(&["ReportBatchItemFailures"])])]),
        ("MaximumBatchingWindowInSeconds", &[Strictly("an integer"), Between(0.0, 300.0)]),
        ("MaximumRecordAgeInSeconds", &[Strictly("an integer"), Between(-1.0, 604800.0)]),
        ("MaximumRetryAttempts", &[Strictly("an integer"), Between(-1.0, 10000.0)]),
        ("ParallelizationFactor", &[Strictly("an integer"), Between(1.0, 10.0)]),
        ("StartingPosition", &[Pattern("(LATEST|TRIM_HORIZON|AT_TIMESTAMP)+"), Length(6, 12)]),
        ("TumblingWindowInSeconds", &[Strictly("an integer"), Between(0.0, 900.0)]),
    ])]),
    ("DynamoDB", &[Properties(&[
        ("BatchSize", &[Strictly("an integer"), Between(1.0, 10000.0)]),
        ("BisectBatchOnFunctionError", &[Strictly("a boolean")]),
        ("Enabled", &[Strictly("a boolean")]),
        ("FilterCriteria", &[Properties(&[
            ("Filters", &[Items(1, 20), Unique, Each(&[Properties(&[
                ("Pattern", &[Length(0, 4096)]),
            ])])]),
        ])]),
        ("FunctionResponseTypes", &[Items(0, 1), Unique, Each(&[OneOf(&["ReportBatchItemFailures"])])]),
        ("MaximumBatchingWindowInSeconds", &[Strictly("an integer"), Between(0.0, 300.0)]),
        ("MaximumRecordAgeInSeconds", &[Strictly("an integer"), Between(-1.0, 604800.0)]),
        ("MaximumRetryAttempts", &[Strictly("an integer"), Between(-1.0, 10000.0)]),
        ("ParallelizationFactor", &[Strictly("an integer"), Between(1.0, 10.0)]),
        ("StartingPosition", &[Pattern("(LATEST|TRIM_HORIZON|AT_TIMESTAMP)+"), Length(6, 12)]),
        ("TumblingWindowInSeconds", &[Strictly("an integer"), Between(0.0, 900.0)]),
    ])]),
    ("SQS", &[Properties(&[
        ("BatchSize", &[Strictly("an integer"), Between(1.0, 10000.0)]),
        ("Enabled", &[Strictly("a boolean")]),
        ("FilterCriteria", &[Properties(&[
            ("Filters", &[Items(1, 20), Unique, Each(&[Properties(&[
                ("Pattern", &[Length(0, 4096)]),
            ])])]),
        ])]),
        ("FunctionResponseTypes", &[Items(0, 1), Unique, Each(&[OneOf(&["ReportBatchItemFailures"])])]),
        ("MaximumBatchingWindowInSeconds", &[Strictly("an integer"), Between(0.0, 300.0)]),
    ])]),
    ("SNS", &[Properties(&[
        ("Region", &[Strictly("a string")]),
    ])]),
    ("CloudWatchLogs", &[Properties(&[
        ("FilterPattern", &[Strictly("a string"), Length(0, 1024)]),
    ])]),
    ("Schedule", &[Properties(&[
        ("Description", &[Strictly("a string"), Length(0, 512)]),
        ("Enabled", &[Strictly("a boolean")]),
        ("Input", &[Strictly("a string"), Length(0, 8192)]),
        ("Schedule", &[Strictly("a string"), Pattern("^(rate\\(.+\\)|cron\\(.+\\))?$"), Length(0, 256)]),
        ("State", &[OneOf(&["DISABLED", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]), Strictly("a string")]),
    ])]),
    ("CloudWatchEvent", &[Properties(&[
        ("Enabled", &[Strictly("a boolean")]),
        ("Input", &[Strictly("a string"), Length(0, 8192)]),
        ("InputPath", &[Strictly("a string"), Length(0, 256)]),
        ("State", &[OneOf(&["DISABLED", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]), Strictly("a string")]),
    ])]),
    ("EventBridgeRule", &[Properties(&[
        ("Input", &[Strictly("a string"), Length(0, 8192)]),
        ("InputPath", &[Strictly("a string"), Length(0, 256)]),
    ])]),
];
