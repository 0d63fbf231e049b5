#!/usr/bin/python3
"""profile.py FILE: an engine's profile as the OCI section of a container without extra capabilities."""
import json
import os
import sys

MACHINES = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}


def kernel_is_at_least(text):
    wanted = [int(part) for part in text.split(".")]
    return [int(part) for part in os.uname().release.split("-")[0].split(".")[:2]] >= wanted


def applies(group, machine):
    includes, excludes = group.get("includes") or {}, group.get("excludes") or {}
    return (not includes.get("caps")
            and machine in includes.get("arches", [machine])
            and kernel_is_at_least(includes.get("minKernel", "0.0"))
            and machine not in excludes.get("arches", [])
            and not ("minKernel" in excludes and kernel_is_at_least(excludes["minKernel"])))


def rule(group):
    names = group.get("names") or [group["name"]]
    kept = {key: group[key] for key in ("action", "args", "errnoRet") if group.get(key) is not None}
    return {"names": names, **kept}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        profile = json.load(file)
    machine, architecture = MACHINES[os.uname().machine]
    architectures = [entry for entry in profile["archMap"] if entry["architecture"] == architecture]
    section = {
        "defaultAction": profile["defaultAction"],
        "architectures": [architecture] + architectures[0]["subArchitectures"],
        "syscalls": [rule(group) for group in profile["syscalls"] if applies(group, machine)]}
    if "defaultErrnoRet" in profile:
        section["defaultErrnoRet"] = profile["defaultErrnoRet"]
    print(json.dumps(section))


main()
