#!/bin/sh
# usage: play.sh BUILD-DIRECTORY OUTPUT-DIRECTORY: renders images through the decoder plugin, then lets the evil plugin try everything.
set -eu
here=$(dirname "$0")
build=$1/examples/plugin
output=$2
problems=0

problem()
{
	echo "-> $1"
	problems=$((problems + 1))
}

# expect PATTERN COMMAND...: shows what the command prints, and wants the pattern in it.
expect()
{
	pattern=$1
	shift
	text=$("$@" 2>&1) || true
	printf '%s\n' "$text"
	case $text in
	*$pattern*) ;;
	*) problem "expected: $pattern" ;;
	esac
}

python3 "$here/make_images.py" "$output/images"
echo "Images, decoded by a plugin that may do nothing but compute:"
for image in sea.ppm sea-grey.pgm sea24.bmp sea32.bmp sea-grey8.bmp sea.qoi; do
	expect "160 x 100" "$build/render" "$build/decoder.so" "$output" "$output/images/$image"
done
expect "damaged" "$build/render" "$build/decoder.so" "$output" "$output/images/cut.qoi"
for image in sea24.bmp sea32.bmp sea.qoi; do
	cmp "$output/sea.ppm.png" "$output/$image.png" || problem "$image came out different"
done
cmp "$output/sea-grey.pgm.png" "$output/sea-grey8.bmp.png" || problem "sea-grey8.bmp came out different"

if [ -f "$build/evil.so" ]; then
	printf '\nThe evil plugin, when it is called; the file names the attack, and the host goes on to the next:\n'
	set --
	for attack in open socket execve fork kill ptrace write loop memory flood frames; do
		printf "%s %s" "$attack" $$ >"$output/images/$attack" # to kill and ptrace: this shell
		set -- "$@" "$output/images/$attack"
	done
	expect "images/frames: the plugin was stopped" "$build/render" "$build/evil.so" "$output" "$@"
	for place in constructor ifunc; do
		printf '\nThe evil plugin, from its %s:\n' "$place"
		for attack in open socket execve fork kill ptrace write loop memory flood frames; do
			expect "while loading: " "$build/render" "$build/evil-$place-$attack.so" "$output" "$output/images/sea.ppm"
		done
	done
fi
[ "$problems" = 0 ] || {
	printf '\n%s problems\n' "$problems"
	exit 1
}
printf '\nEvery image was rendered and every attack stopped. The images are in %s.\n' "$output"
