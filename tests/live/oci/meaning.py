"""What a profile answers, by a second reading of callgate-profile(5): for tests, and only as much as they ask."""
import errno
import json
import operator
import os

COMPARE = {"SCMP_CMP_NE": operator.ne, "SCMP_CMP_LT": operator.lt, "SCMP_CMP_LE": operator.le, "SCMP_CMP_EQ": operator.eq,
           "SCMP_CMP_GE": operator.ge, "SCMP_CMP_GT": operator.gt}
DOCKER = {"x86_64": "amd64", "aarch64": "arm64"}


def version(text):
    return [int(part) for part in text.split("-")[0].split(".")[:2]]


def holds(condition, args):
    arg = args[condition["index"]]
    if condition["op"] == "SCMP_CMP_MASKED_EQ":
        return arg & condition["value"] == condition.get("valueTwo", 0) & condition["value"]
    return COMPARE[condition["op"]](arg, condition["value"])


class Profile:
    """A profile for this machine and these capabilities."""

    def __init__(self, path, capabilities):
        with open(path, encoding="utf-8") as file:
            self.json = json.load(file)
        self.capabilities = capabilities
        self.entries = [entry for entry in self.json.get("syscalls") or [] if self.applies(entry)]
        self.default = self.action(self.json, "defaultAction", "defaultErrnoRet", "defaultErrno")

    def applies(self, entry):
        includes, excludes = entry.get("includes") or {}, entry.get("excludes") or {}
        machine, kernel = DOCKER.get(os.uname().machine, os.uname().machine), version(os.uname().release)
        return (set(includes.get("caps") or []) <= self.capabilities
                and (not includes.get("arches") or machine in includes["arches"])
                and version(includes.get("minKernel") or "0.0") <= kernel
                and not set(excludes.get("caps") or []) & self.capabilities
                and machine not in (excludes.get("arches") or [])
                and not ("minKernel" in excludes and version(excludes["minKernel"]) <= kernel))

    def action(self, where, action, number, name):
        """0 for what is allowed, the number of the error for what is denied, the action's name for anything else."""
        if where[action] == "SCMP_ACT_ALLOW":
            return 0
        if where[action] != "SCMP_ACT_ERRNO":
            return where[action]
        if where.get(name):
            return getattr(errno, where[name])
        return where[number] if where.get(number) is not None else errno.EPERM

    def answers(self, call, args):
        """All answers of entries that match, the default if none does. Entries without conditions decide alone."""
        matching = [entry for entry in self.entries if call in (entry.get("names") or [entry.get("name")])]
        matching = [(self.action(entry, "action", "errnoRet", "errno"), entry.get("args") or []) for entry in matching]
        matching = [(answer, conditions) for answer, conditions in matching if answer != self.default]
        whole = [answer for answer, conditions in matching if not conditions][:1]
        return set(whole) or {answer for answer, conditions in matching
                              if self.match(conditions, args)} or {self.default}

    @staticmethod
    def match(conditions, args):
        alternatives = len({condition["index"] for condition in conditions}) < len(conditions)
        return (any if alternatives else all)(holds(condition, args) for condition in conditions)
