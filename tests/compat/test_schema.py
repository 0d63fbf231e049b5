#!/usr/bin/env python3
"""usage: test_schema.py CALLGATE SOURCE-ROOT: docs/profile.schema.json has the keys of the format and no others, its words are those that the tool knows, and
it takes what the tool takes (that with the module jsonschema). The files for pre-commit and for GitHub's workflows name commands that there are."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.umask(0o022)
TOOL, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
SCHEMA = json.loads((ROOT / "docs/profile.schema.json").read_text())
KINDS = {"STRING": "string", "NUMBER": "integer", "ARRAY": "array", "OBJECT": "object"}


def objects():
    """The objects of the format in the schema, by the names that src/oci/schema.h has for them."""
    entry = SCHEMA["properties"]["syscalls"]["items"]
    return {"PROFILE": SCHEMA, "ENTRY": entry, "CONDITION": entry["properties"]["args"]["items"], "SELECTOR": entry["properties"]["includes"],
            "ARCH_ROW": SCHEMA["properties"]["archMap"]["items"]}


def check_keys():
    keys = {}
    for owner, name, kind in re.findall(r'KEY\(\w+, (\w+), "(\w+)", (\w+)\)', (ROOT / "src/oci/schema.h").read_text()):
        keys.setdefault(owner, {})[name] = KINDS[kind]
    assert sum(map(len, keys.values())) > 20
    for owner, item in objects().items():
        known = {name: value for name, value in item["properties"].items() if not (owner == "PROFILE" and name in ("$schema", "comment"))}
        assert set(known) == set(keys[owner]), (owner, set(known) ^ set(keys[owner]))
        for name, value in known.items():
            kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
            assert keys[owner][name] in kinds, (owner, name, kinds)
        assert item["additionalProperties"] is False


def is_usable(profile):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(profile, file)
        file.flush()
        return subprocess.run([TOOL, "profile", "check", file.name], capture_output=True, check=False).returncode == 0


def check_words():
    """Each action and operator is one that the tool takes."""
    parts = objects()
    listener = {"listenerPath": "/run/x"}
    for action in parts["ENTRY"]["properties"]["action"]["enum"]:
        assert is_usable({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": action}], **listener}), action
    for op in parts["CONDITION"]["properties"]["op"]["enum"]:
        args = [{"index": 0, "value": 1, "op": op}]
        assert is_usable({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": args}]}), op
    assert not is_usable({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALOW"}]})


def check_profiles():
    try:
        import jsonschema
    except ImportError:
        print("skipped: no module jsonschema")
        return
    validator = jsonschema.Draft7Validator(SCHEMA)
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    profiles = [*ROOT.glob("examples/**/*.json"), *ROOT.glob("src/cli/data/*.json"), *ROOT.glob("../shared/policies/*.json")]
    assert len(profiles) > 4
    for path in profiles:
        assert validator.is_valid(json.loads(path.read_text())), (path, next(validator.iter_errors(json.loads(path.read_text()))).message)
    for wrong in ({}, {"defaultAction": "SCMP_ACT_ALOW"}, {"defaultAction": "SCMP_ACT_ERRNO", "sycalls": []},
                  {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}]},
                  {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]}):
        assert not validator.is_valid(wrong), wrong
        assert not is_usable(wrong), wrong


def check_commands():
    hooks = re.findall(r"entry: callgate (\w+)", (ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hooks == ["lint", "test"], hooks
    action = (ROOT / "action.yml").read_text()
    for command, options in (("lint", ["--format"]), ("test", [])):
        text = subprocess.run([TOOL, command, "--help"], capture_output=True, text=True, check=True).stdout
        assert f'/callgate" {command}' in action and all(option in text for option in options), command
    for name in re.findall(r"inputs\.([\w-]+)", action):
        assert re.search(rf"^  {name}:$", action, re.MULTILINE), name
    try:
        import yaml
    except ImportError:
        print("skipped: no module yaml")
        return
    steps = yaml.safe_load(action)["runs"]["steps"]
    assert [step["name"] for step in steps] == ["Build", "Lint", "Upload", "Result", "Test"]
    assert len(yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())) == 2
    for step in steps:
        if "run" in step:
            assert subprocess.run(["bash", "-n", "-c", step["run"]], check=False).returncode == 0, step["name"]


for check in (check_keys, check_words, check_profiles, check_commands):
    check()
