"""Runs `fenrir validate` over folders of templates, beside AWS's SAM transform and cfn-lint, and prints where they disagree.

    python -m pip install -r tests/moto/python/requirements.txt
    cargo build -p fenrir
    python deployers/fenrir/tests/agreement/agreement.py --fenrir target/debug/fenrir FOLDER...

A template without `ProjectName` and `ConfigName` gets them, because Fenrir requires them, and they are taken away for the others, which
do not know them. What Fenrir refuses by its own policy (types, sections, references to other projects …) is counted apart: it says
nothing about AWS. A *false refusal* is any other finding where both of AWS's tools accept the template. A *false acceptance* is a fault
that one of them finds in a resource, or in the template, in which Fenrir finds none.
"""

import argparse
import collections
import concurrent.futures
import copy
import json
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the library asks boto3 for the partition

import cfnlint.api
import cfnlint.config
import cfnlint.decode
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

HEADER = {"ProjectName": "org/shop", "ConfigName": "development"}
# What only Fenrir knows at the top of a template.
SECTIONS = [*HEADER, "AwsAccountID", "AwsRegion"]
# What Fenrir refuses although AWS takes it.
POLICY = {
    f"template/{name}"
    for name in (
        "not-allowed unknown-type unknown-event unknown-policy not-a-literal not-a-reference wrong-resource-type other-project "
        "parameter no-authorizer invalid-path missing-section unknown-section anchor other-release not-uploaded foreign-code "
        "missing-code build-method not-packaged"
    ).split()
}
# The same, of codes that also say what AWS refuses.
POLICY_MESSAGES = re.compile(
    r"`Role` and `Policies` exclude|should begin with the stack's name|requires `credentials`|is missing$.*(ApiId|RestApiId)|"
    r"`(ApiId|RestApiId|AuthType|SubnetIds|SecurityGroupIds)` is missing|should be a path|is not a valid role name"
)


# Rules of cfn-lint that are warnings of Fenrir: runtimes that Lambda no longer creates functions with. They may exist already.
WARNINGS = {"E2531", "E2533"}


class NoManagedPolicies:
    """Fenrir allows no managed policies."""

    def load(self):
        return {}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    arguments.add_argument("--fenrir", default="fenrir", help="path of the command [default: fenrir]")
    arguments.add_argument("--all", action="store_true", help="print each disagreement, not only one of each kind")
    arguments.add_argument("--mutants", type=int, default=0, help="compare as many mutants of each template, with one fault each")
    arguments.add_argument("--seed", type=int, default=1, help="seed of the mutants [default: 1]")
    options = arguments.parse_args()
    command = shutil.which(options.fenrir)
    if not command:
        arguments.error(f"{options.fenrir} is not a command; build it with `cargo build -p fenrir`, and set --fenrir")
    paths = [(path, f"{folder.name}/{path.relative_to(folder)}") for folder in options.folders for path in files(folder)]
    if not paths:
        arguments.error("no templates (.yml, .yaml, .json, .template) in these folders")
    logging.disable()
    texts = [(name, path.read_text(errors="replace")) for path, name in paths]
    if options.mutants:
        texts = [mutant for name, text in texts for mutant in mutants(name, text, options.mutants, options.seed)]
    names, texts = zip(*texts)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        results = list(pool.map(compare, names, texts, [os.path.abspath(command)] * len(texts), chunksize=4))
    report([result for result in results if result], options.all)


def files(folder):
    endings = {".yml", ".yaml", ".json", ".template"}
    return sorted(path for path in folder.rglob("*") if path.suffix in endings and path.is_file())


def mutants(name, text, count, seed):
    """Copies of a template, with one value changed in each."""
    try:
        template = json.loads(json.dumps(cfnlint.decode.decode_str(text)[0], default=str))
    except Exception:
        return
    generator = random.Random(f"{seed} {Path(name).name}")
    for number in range(count if isinstance(template, dict) else 0):
        mutant = copy.deepcopy(template)
        change = mutate(mutant, generator)
        if change:
            yield f"{name} #{number}, {change}", json.dumps(mutant, indent=1)


def mutate(template, generator):
    """Changes one value in a template, and says which."""
    resources = [of for of in template.get("Resources", {}).values() if isinstance(of, dict) and isinstance(of.get("Properties"), dict)]
    if not resources:
        return None
    holder, steps = generator.choice(resources)["Properties"], []
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return None
        key = generator.choice(keys)
        steps.append(str(key))
        value = holder[key]
        if not (isinstance(value, (dict, list)) and value and generator.random() < 0.75) or is_function(value):
            break
        holder = value
    wrong = ["", "a b!", "x" * 300, -1, 0, 99999999, 1.5, True, [], {}, {"a": "b"}, ["a", "a"], {"Ref": "missing"}]
    if isinstance(holder, dict):
        wrong += ["(removed)", "(misspelt)"]
    if isinstance(value, list) and value:
        wrong.append([*value, value[0]])
    chosen = generator.choice(wrong)
    if chosen == "(removed)":
        del holder[key]
    elif chosen == "(misspelt)":
        holder[f"{key}x"] = holder.pop(key)
    else:
        holder[key] = chosen
    return f"{'.'.join(steps)} = {json.dumps(chosen)[:40]}"


def is_function(value):
    return isinstance(value, dict) and len(value) == 1 and (next(iter(value)) == "Ref" or next(iter(value)).startswith("Fn::"))


def compare(name, text, command):
    """The findings of Fenrir, and the faults that AWS's tools find. None if the file is not a template."""
    try:
        template, faults = cfnlint.decode.decode_str(text)
    except Exception:
        return None
    if template is not None and (not isinstance(template, dict) or "Resources" not in template):
        return None
    if template is None and "Resources" not in text:
        return None
    findings = fenrir(command, text, template)
    aws = {("the template", f"E0000 {faults[0].message}")} if template is None else set()
    if template is not None:
        plain = {name: value for name, value in json.loads(json.dumps(template, default=str)).items() if name not in SECTIONS}
        expanded, refusals = translator(plain)
        aws |= refusals | linter(expanded, plain)
    return name, findings, sorted(aws)


def fenrir(command, text, template):
    """The findings of Fenrir: where, code, message."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.yml"
        missing = [name for name in HEADER if not isinstance(template, dict) or name not in template]
        if text.lstrip().startswith("{"):
            added = "".join(f"{json.dumps(name)}: {json.dumps(HEADER[name])}," for name in missing)
            path.write_text(text.replace("{", "{" + added, 1))
        else:
            added = "".join(f"{name}: {HEADER[name]}\n" for name in missing)
            start = re.match(r"(?:\ufeff?(?:---.*\n)?)", text).end()
            path.write_text(text[:start] + added + text[start:])
        for source in sources(template):
            create(Path(folder), source)
        done = subprocess.run([command, "validate", str(path), "--output", "json"], capture_output=True, text=True)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode not in (0, 1, 2) or (done.returncode and not found):
        return [("the template", "crash", (done.stderr or "no output").strip()[-300:])]
    return [(place(one["path"]), one["code"], f'{one["path"]}: {one["message"]}') for one in found if one["severity"] == "error"]


def create(folder, source):
    """Creates an empty file or folder, where the name is not out of the folder."""
    if not re.fullmatch(r"(?!/)(?!.*\.\.)[\w./ -]{1,200}", source):
        return
    (folder / source).parent.mkdir(parents=True, exist_ok=True)
    if Path(source).suffix:
        (folder / source).touch()
    else:
        (folder / source).mkdir(exist_ok=True)


def sources(template):
    """The files and folders that a template refers to."""
    for properties, name in references(template):
        if not properties[name].startswith("s3:"):
            yield properties[name]


def references(template):
    """The properties of resources that refer to files, with the name of each."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    for resource in resources.values() if isinstance(resources, dict) else []:
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        for name in ("CodeUri", "ContentUri", "DefinitionUri") if isinstance(properties, dict) else []:
            if isinstance(properties.get(name), str):
                yield properties, name


def place(path):
    """The logical id in a path of a finding."""
    steps = path.split(".")
    return steps[1] if steps[0] in ("Resources", "Outputs") and len(steps) > 1 else "the template"


def translator(template):
    """The template after AWS's SAM transform, and the faults that this finds."""
    if "Transform" not in template:
        return template, set()
    template = as_looked_up(copy.deepcopy(template))
    for properties, name in references(template):
        properties[name] = "s3://bucket/key"
    try:
        return transform(template, parameters(template), NoManagedPolicies()), set()
    except InvalidDocumentException as error:
        return None, {(origin(named(cause.message), template), f"SAM {cause.message}") for cause in error.causes}
    except Exception as error:
        return None, {("the template", f"SAM {type(error).__name__}: {error}")}


def as_looked_up(value, name=""):
    """A template with an id or ARN in place of each name that Fenrir looks up."""
    if isinstance(value, dict):
        return {key: as_looked_up(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        looked_up = [as_looked_up(inner, name) for inner in value]
        # Several subnets may have one name.
        return [*looked_up, "subnet-89abcdef"] if name == "Subnets" and looked_up == ["subnet-01234567"] else looked_up
    forms = {"SecurityGroupIds": ("sg-", "sg-01234567"), "SecurityGroups": ("sg-", "sg-01234567")}
    forms |= {"SubnetIds": ("subnet-", "subnet-01234567"), "Subnets": ("subnet-", "subnet-01234567")}
    forms |= {"Role": ("arn:", "arn:aws:iam::123456789012:role/name"), "Topic": ("arn:", "arn:aws:sns:us-east-1:123456789012:name")}
    forms |= {name: ("arn:", "arn:aws:kms:us-east-1:123456789012:key/name") for name in ("KmsKeyArn", "KMSKeyArn", "SourceKMSKeyArn")}
    forms |= {"Stream": ("arn:", "arn:aws:kinesis:us-east-1:123456789012:stream/name")}
    forms |= {"Queue": ("arn:", "arn:aws:sqs:us-east-1:123456789012:name")}
    begin, looked_up = forms.get(name, ("", None))
    return looked_up if isinstance(value, str) and looked_up and not value.startswith(begin) else value


def parameters(template):
    """A value for each parameter without a default."""
    declared = template.get("Parameters")
    if not isinstance(declared, dict):
        return {}
    return {name: "value" for name, of in declared.items() if isinstance(of, dict) and "Default" not in of}


def named(message):
    found = re.search(r"Resource with id \[(\w+)\]", message)
    return found[1] if found else "the template"


def linter(template, source):
    """The faults that cfn-lint finds in an expanded template, with the logical id of the source that each comes from."""
    if template is None:
        return set()
    text = json.dumps(template, indent=1)
    try:
        matches = cfnlint.api.lint(text, config=cfnlint.config.ManualArgs(regions=["us-east-1"]))
    except Exception as error:
        return {("the template", f"crash of cfn-lint {type(error).__name__}")}
    faults = [match for match in matches if match.rule.id.startswith("E") and match.rule.id not in WARNINGS]
    return {(origin(place_of(text, match.linenumber), source), f"{match.rule.id} {match.message}") for match in faults}


def origin(logical_id, source):
    """The resource of the source from which SAM made one: that whose logical id it begins with."""
    names = [name for section in ("Resources", "Outputs") for name in source.get(section) or {} if logical_id.startswith(name)]
    return max(names, key=len, default=logical_id)


def place_of(text, line):
    """The logical id of the resource or output at a line of a template with an indent of 1."""
    names = [""]
    for written in text.splitlines()[:line]:
        found = re.match(r'( {1,2})"([^"]*)":', written)
        if found:
            names = [*names, "", ""][: len(found[1])] + [found[2]]
    return place(".".join(names[1:]))


def report(results, show_all):
    counts = collections.Counter()
    kinds = collections.defaultdict(list)
    for path, findings, aws in results:
        own = [one for one in findings if one[1] not in POLICY and not POLICY_MESSAGES.search(one[2])]
        refused_by_policy = len(own) < len(findings)
        if not aws:
            for where, code, message in own:
                kinds["false refusal", code].append(f"{path}: {message}")
        # One finding names all resources of a circle, of each of which cfn-lint reports a part.
        places = {"the template" if code == "template/circular-dependency" else where for where, code, _ in findings}
        missed = [(where, fault) for where, fault in aws if where not in places and not ("the template" in places or where == "the template" and places)]
        for where, fault in missed:
            kinds["false acceptance", " ".join(re.sub(r"'[^']*'|\[[^\]]*\]|\d{3,}", "…", fault).split()[:9])].append(f"{path}: {where}: {fault[:220]}")
        if not aws and own:
            counts["false refusals"] += 1
        elif missed and not findings:
            counts["false acceptances"] += 1
        elif missed:
            counts["refused, but without a fault that AWS finds"] += 1
        elif not aws and refused_by_policy:
            counts["refused by policy alone"] += 1
        else:
            counts["agreements: accepted" if not aws else "agreements: refused"] += 1
    for (verdict, kind), examples in sorted(kinds.items(), key=lambda entry: (entry[0][0], -len(entry[1]))):
        print(f"{verdict}, {len(examples)} × {kind}")
        for example in examples if show_all else examples[:1]:
            print(f"    {example}")
    print(f"\n{len(results)} templates")
    for name, count in sorted(counts.items()):
        print(f"{count:6} {name}")


if __name__ == "__main__":
    sys.exit(main())
