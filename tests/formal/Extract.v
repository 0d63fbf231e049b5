(** The checker and the specification as OCaml. Numbers stay Coq's own; nothing is replaced by OCaml's. *)
From Coq Require Import NArith ExtrOcamlBasic.
From Callgate Require Import Spec Check.
Extraction Language OCaml.
Extraction "checker.ml" check eval verdict programs_of_bytes input_of_bytes N.of_nat N.to_nat N.add N.mul.
