#!/bin/sh
# usage: build.sh SOURCE PRIVATE OUTPUT COQC OCAMLOPT: proves the checker, extracts it, and compiles it with its reader as OUTPUT. Fails
# on any axiom and on anything that was left out of a proof.
set -eu
source=$1 private=$2 output=$3 coqc=$4 ocamlopt=$5

if grep -nwE 'Admitted|admit|Axiom|Parameter|Conjecture|Extract (Inlined )?Constant' "$source"/*.v; then
	echo "build.sh: an assumption" >&2
	exit 1
fi
mkdir -p "$private"
cp "$source"/*.v "$source"/recheck.ml "$private"
cd "$private"
for file in Spec Check Proof Extract; do
	"$coqc" -q -Q . Callgate "$file.v" >"$file.log" 2>&1 || {
		cat "$file.log"
		exit 1
	}
done
theorems=$(grep -c '^Print Assumptions' Proof.v)
closed=$(grep -c '^Closed under the global context$' Proof.log)
if [ "$theorems" -lt 3 ] || [ "$closed" != "$theorems" ] || grep -q '^Axioms:' Proof.log; then
	cat Proof.log
	echo "build.sh: the proof is not closed" >&2
	exit 1
fi
# The extracted text is not ours to mend; the reader's warnings are errors.
"$ocamlopt" -w -a -c checker.mli checker.ml
"$ocamlopt" -w +a-4-9-40..42-44-45-70 -warn-error +a -c recheck.ml
"$ocamlopt" -o "$output" checker.cmx recheck.cmx
