#!/bin/sh
# usage: test_helper.sh STATIC SHARED PLUGIN HELPER: which helper runs? STATIC and SHARED are open_plugin.c, linked with libcallgate.a and
# with libcallgate.so. Never is it one that the working directory, or the name by which the program was called, leads to.
set -u
static=$(realpath "$1") shared=$(realpath "$2") plugin=$(realpath "$3") helper=$(realpath "$4")
unset CALLGATE_PLUGIN_HOST
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

# Helpers that leave a trace when they run, wherever one could be looked for by mistake.
for place in . sandbox worker libexec ../libexec lib/sandbox bin bin/sandbox bin/worker; do
	case $place in ../*) continue ;; esac
	mkdir -p "$place"
	printf '#!/bin/sh\necho ran >>"%s/ran"\n' "$scratch" >"$place/callgate-plugin-host"
	chmod +x "$place/callgate-plugin-host"
done
cp "$static" bin/open-static
cp "$static" open-static

# expect WHAT TEXT STATUS OUTPUT: no helper of the scratch folder ran, and the output has the text.
expect()
{
	case $4 in
	*"$2"*) ;;
	*)
		echo "$1: status $3, and it printed: $4"
		failed=1
		;;
	esac
	if [ -e ran ]; then
		echo "$1: a helper of the working directory ran"
		rm ran
		failed=1
	fi
}

installed="is not there: install it"
[ -x "$(strings "$static" 2>/dev/null | grep -m1 '/libexec/callgate-plugin-host$')" ] && installed=opened

output=$(PATH="$scratch/bin:$PATH" open-static "$plugin")
expect "static, through PATH" "$installed" $? "$output"
output=$(PATH=".:bin:$PATH" open-static "$plugin")
expect "static, through a PATH with relative names" "$installed" $? "$output"
output=$(./open-static "$plugin")
expect "static, by a relative name" "$installed" $? "$output"
output=$("$scratch/bin/open-static" "$plugin")
expect "static, by an absolute name" "$installed" $? "$output"
output=$(python3 -c 'import os, sys; os.execv(sys.argv[1], ["open-static", sys.argv[2]])' bin/open-static "$plugin")
expect "static, with another argv[0]" "$installed" $? "$output"
output=$(python3 -c 'import os, sys; os.execv(sys.argv[1], [sys.argv[3], sys.argv[2]])' bin/open-static "$plugin" "$scratch/lib/open")
expect "static, with an absolute argv[0]" "$installed" $? "$output"

output=$("$shared" "$plugin")
expect "shared, beside the library" opened $? "$output"
output=$(CALLGATE_PLUGIN_HOST=$helper ./open-static "$plugin")
expect "named in the environment" opened $? "$output"
output=$(CALLGATE_PLUGIN_HOST=sandbox/callgate-plugin-host ./open-static "$plugin")
expect "a relative name in the environment" "the name must be absolute" $? "$output"
output=$(CALLGATE_PLUGIN_HOST='' ./open-static "$plugin")
expect "an empty name in the environment" "the name must be absolute" $? "$output"
output=$(./open-static "$plugin" "$helper")
expect "named in the options" opened $? "$output"
output=$(CALLGATE_PLUGIN_HOST=$helper ./open-static "$plugin" sandbox/callgate-plugin-host)
expect "a relative name in the options" "the name must be absolute" $? "$output"
output=$(CALLGATE_PLUGIN_HOST=$helper ./open-static "$plugin" /no/such/helper)
expect "a wrong name in the options" "/no/such/helper of the options: No such file" $? "$output"

# A shared library that is known by a relative name.
cp "$(ldd "$shared" | sed -n 's/.*libcallgate\.so\.[0-9]* => \([^ ]*\).*/\1/p')" "lib/$(ldd "$shared" | sed -n 's/[[:space:]]*\(libcallgate\.so\.[0-9]*\) =>.*/\1/p')"
output=$(LD_LIBRARY_PATH=lib "$shared" "$plugin")
case $output in
opened | *"$installed"*) ;;
*)
	echo "shared, by a relative LD_LIBRARY_PATH: $output"
	failed=1
	;;
esac
[ -e ran ] && echo "shared, by a relative LD_LIBRARY_PATH: a helper of the working directory ran" && failed=1
exit $failed
