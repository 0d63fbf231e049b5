#!/bin/sh
# usage: test_recorded.sh CALLGATE DENIED PROGRAM: a real program is recorded, and recorded with --more until nothing new is seen; then a run
# with --more stops at no call, and under its profile nothing is denied. Needs no privilege.
set -u
callgate=$1 denied=$2 program=$3
scratch=$(mktemp -d)
watched=
trap '[ -z "$watched" ] || kill "$watched" 2>/dev/null; rm -rf "$scratch"' EXIT
export LC_ALL=C
packages=${CLIENTS_PACKAGES:-/var/cache/callgate-clients}
PATH=$PATH:/usr/sbin:/sbin:$packages/usr/bin:$packages/usr/sbin

fail()
{
	echo "FAIL: $program: $*"
	cat "$scratch/words"
	tail -n 5 "$scratch/output"
	exit 1
}

needs()
{
	for needed; do
		command -v "$needed" >/dev/null || {
			echo "SKIP: no $needed is installed"
			exit 77
		}
	done
}

# once WORDS... : callgate with these words around the program; what it says is in words. What serves is loaded and ended.
once()
{
	"$@" >"$scratch/output" 2>"$scratch/words" </dev/null
}

# server READY LOAD END COMMAND... : the command in the background; READY succeeds when it serves, END ends it.
server()
{
	ready=$1 load=$2 end=$3
	shift 3
	"$@" >"$scratch/output" 2>"$scratch/words" </dev/null &
	watched=$!
	tries=0
	until eval "$ready" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] && kill -0 "$watched" 2>/dev/null || fail 'it does not serve'
		sleep 0.1
	done
	eval "$load" >/dev/null 2>&1 || fail 'the load fails'
	eval "$end" >/dev/null 2>&1
	wait "$watched"
	status=$?
	watched=
	return $status
}

folder=$scratch/data
mkdir "$folder"
case $program in
redis)
	needs redis-server redis-benchmark redis-cli
	run()
	{
		server "redis-cli -s $folder/socket ping" "redis-benchmark -s $folder/socket -n 500 -c 10 -q -t set,get,lpush,lrange_100" \
			"redis-cli -s $folder/socket shutdown nosave" "$@" redis-server --port 0 --unixsocket "$folder/socket" --dir "$folder" --save ''
	}
	;;
nginx)
	needs nginx python3
	printf 'worker_processes 2; daemon off; pid %s/pid; error_log %s/error.log;\n%s\nevents { worker_connections 64; }\nhttp { access_log %s/access.log;' \
		"$folder" "$folder" "$([ "$(id -u)" = 0 ] && echo 'user root;')" "$folder" >"$folder/nginx.conf"
	for kind in client_body proxy fastcgi uwsgi scgi; do
		printf ' %s_temp_path %s/%s;' $kind "$folder" $kind >>"$folder/nginx.conf"
	done
	printf ' server { listen unix:%s/socket; root %s; } }\n' "$folder" "$folder" >>"$folder/nginx.conf"
	printf 'a page' >"$folder/page"
	cat >"$scratch/load.py" <<'PYTHON'
import socket, sys
path, count = sys.argv[1], int(sys.argv[2])
for i in range(count):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b"GET /%s HTTP/1.0\r\n\r\n" % (b"page" if i % 3 else b"none"))
        answer = b""
        while part := s.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 " + (b"200" if i % 3 else b"404")), answer
PYTHON
	run()
	{
		rm -f "$folder/socket"
		server "python3 $scratch/load.py $folder/socket 1" "python3 $scratch/load.py $folder/socket 200" "kill -QUIT \$watched" \
			"$@" nginx -p "$folder" -c "$folder/nginx.conf"
	}
	;;
python)
	needs python3
	interpreter=$(python3 -c 'import sys; print(sys.executable)')
	run()
	{
		once "$@" "$interpreter" -c 'import subprocess, threading
threads = [threading.Thread(target=lambda: subprocess.run(["true"], check=True)) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]'
	}
	;;
git)
	needs git
	git init -q "$folder/repository"
	echo text >"$folder/repository/file"
	git -C "$folder/repository" add file
	git -C "$folder/repository" -c user.name=n -c user.email=e commit -q -m 'a commit'
	run()
	{
		rm -rf "$folder/clone"
		once "$@" git -c safe.directory='*' clone -q --no-local "$folder/repository" "$folder/clone" && [ -e "$folder/clone/file" ]
	}
	;;
gcc)
	needs gcc
	printf '#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n' >"$folder/program.c"
	run()
	{
		rm -f "$folder/program"
		once "$@" gcc -O2 -o "$folder/program" "$folder/program.c" && [ -x "$folder/program" ]
	}
	;;
pipeline)
	commands='echo text'
	i=1
	while [ $i -lt 150 ]; do
		commands="$commands | cat"
		i=$((i + 1))
	done
	run()
	{
		once "$@" sh -c "$commands" && [ "$(cat "$scratch/output")" = text ]
	}
	;;
vforks)
	run()
	{
		once "$@" "$denied" vforks
		[ $? = 3 ]
	}
	;;
own-filter)
	run()
	{
		once "$@" "$denied" own-error
		[ $? = 3 ]
	}
	;;
esac

run "$callgate" record -o "$scratch/profile.json" -- || {
	grep -q 'registers of this machine' "$scratch/words" && echo "SKIP: $(cat "$scratch/words")" && exit 77
	fail 'it can not be recorded'
}
rounds=0
# What depends on chance, as which of two processes is first, may need another look.
until grep -q '^callgate: 0 new calls' "$scratch/words"; do
	rounds=$((rounds + 1))
	[ $rounds -le 8 ] || fail 'a run with --more always sees something new'
	run "$callgate" record --more "$scratch/profile.json" -- || fail 'it ends in another way with --more'
done
grep -q 'calls stopped' "$scratch/words" && fail 'a call stopped although all are known'
run "$callgate" run --profile "$scratch/profile.json" --why -- || fail 'it ends in another way under its profile'
grep -q '^callgate: 0 denials' "$scratch/words" || fail 'denied under its own profile'
