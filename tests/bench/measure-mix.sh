#!/bin/sh
# usage: measure-mix.sh >../../src/arch/data/ordinary_work.inc
# How often programs make which system call: runs some ordinary work under strace and prints the share of each call, in
# 1/100000 of all calls, every piece of work counting the same. Needs strace, and as many of the programs as there are.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir tree counts
for i in 1 2 3 4 5 6 7 8 9; do
	seq 1 2000 >tree/numbers.$i
	printf '#include <stdio.h>\nint main(void) { return printf("%%d\\n", %d) < 0; }\n' $i >tree/source.$i.c
done

work() { # NAME COMMAND...
	name=$1
	shift
	command -v "$1" >/dev/null || return 0
	strace -f -q -o counts/$name -e trace=all "$@" >/dev/null 2>&1 </dev/null || :
}
work compile cc -O1 -o program tree/source.1.c
work link cc -o programs2 tree/source.2.c -lm
work tar tar czf tree.tar.gz tree /usr/include/linux
work untar tar xzf tree.tar.gz -C "$scratch/counts/.."
work find find /usr/lib /usr/share/doc -name '*.txt' -size +10k
work grep grep -rl printf /usr/include
work sort sort -n tree/numbers.1 tree/numbers.2 tree/numbers.3
work shell sh -c 'for f in tree/*; do wc -c <$f; done; n=0; while [ $n -lt 200 ]; do n=$((n + 1)); done'
work pipes sh -c 'cat tree/numbers.* | tr 0 1 | sort | uniq -c | head'
work python python3 -c 'import json, os, re, threading
threads = [threading.Thread(target=lambda: json.dumps(list(range(20000)))) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
open("out.json", "w").write(json.dumps(sorted(os.environ)))'
work subprocess python3 -c 'import subprocess
for i in range(5): subprocess.run(["true"])'
work server python3 -c 'import http.server, threading, urllib.request
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for i in range(100): urllib.request.urlopen("http://127.0.0.1:%d/tree/numbers.1" % server.server_port).read()
server.shutdown()'
work sockets python3 -c 'import asyncio
async def main():
    async def echo(r, w):
        while data := await r.read(100): w.write(data)
        w.close()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    r, w = await asyncio.open_connection(*server.sockets[0].getsockname())
    for i in range(300): w.write(b"x"); await r.read(100)
asyncio.run(main())'
work database python3 -c 'import sqlite3
d = sqlite3.connect("data.db"); d.execute("create table t(a, b)")
for i in range(50): d.execute("insert into t values(?, ?)", (i, i)); d.commit()'
work packages apt-cache search compiler
work list dpkg -l
work copy cp -r /usr/include/linux copy
work remove rm -r copy
work ls ls -lR /usr/include
work git git -c init.defaultBranch=main init repository
work perl perl -e 'opendir(D, "/usr/bin"); stat("/usr/bin/$_") for readdir(D); print `echo $_` for 1 .. 5'
work dd dd if=/dev/zero of=block bs=4096 count=500
work processes ps aux

python3 - counts/* <<'END'
import collections, re, sys
share = collections.Counter()
for path in sys.argv[1:]:
    calls = collections.Counter(m.group(1) for line in open(path, errors="replace") if (m := re.match(r"(?:\d+ +)?([a-z_0-9]+)\(", line)))
    for name, count in calls.items():
        share[name] += count / sum(calls.values()) / len(sys.argv[1:])
print("/* Made by tests/bench/measure-mix.sh: the share of each call in ordinary work, in 1/100000. PRIOR(name, share). */")
for name, part in sorted(share.items(), key=lambda item: (-item[1], item[0])):
    if part * 1e5 >= 1:
        print(f'PRIOR("{name}", {round(part * 1e5)})')
END
