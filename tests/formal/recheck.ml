(* callgate-recheck: reads what `callgate compile --format proof` writes, and prints the checker's answers. Trusted, and not
   proved: this file, the extraction of Coq, and OCaml. Any number of cases, one after the other; see docs/verified-checker.md. *)
open Checker

exception Malformed of string

(* ---- numbers: hexadecimal text to Coq's binary numbers and back ---- *)

let rec positive_bits = function XH -> [true] | XO p -> false :: positive_bits p | XI p -> true :: positive_bits p
let bits = function N0 -> [] | Npos p -> positive_bits p (* the lowest one first *)

let digit c = match c with
  | '0' .. '9' -> Char.code c - 48
  | 'a' .. 'f' -> Char.code c - 87
  | _ -> raise (Malformed (Printf.sprintf "'%c' is no hexadecimal digit" c))

let append_bit n bit = match n, bit with
  | N0, 0 -> N0 | N0, _ -> Npos XH | Npos p, 0 -> Npos (XO p) | Npos p, _ -> Npos (XI p)

let number_of_digits s =
  let add n c = let d = digit c in List.fold_left (fun n i -> append_bit n ((d lsr i) land 1)) n [3; 2; 1; 0] in
  if s = "" then raise (Malformed "a number is missing") else String.fold_left add N0 s

let number s =
  let length = String.length s in
  if length < 3 || length > 18 || String.sub s 0 2 <> "0x" then raise (Malformed (s ^ " is no number: 0x and at most 16 digits"))
  else number_of_digits (String.sub s 2 (length - 2))

let text n =
  let rec digits l = match l with
    | [] -> ""
    | _ ->
      let value = ref 0 and rest = ref l in
      for i = 0 to 3 do match !rest with [] -> () | b :: r -> (if b then value := !value lor (1 lsl i)); rest := r done;
      digits !rest ^ Printf.sprintf "%x" !value in
  match n with N0 -> "0x0" | _ -> "0x" ^ digits (bits n)

let rec natural i = if i = 0 then O else S (natural (i - 1))

let bytes_of_text s =
  if String.length s mod 2 <> 0 then raise (Malformed "half a byte");
  List.init (String.length s / 2) (fun i -> number_of_digits (String.sub s (2 * i) 2))

(* ---- a case: lines, the latest first in each list ---- *)

type case = {
  mutable order : byte_order; mutable default : n; mutable bad : n; mutable architectures : architecture list;
  mutable programs : n list list; (* of bytes; the latest loaded program is the first *)
  mutable inputs : n list list }

let empty () = { order = Little; default = N0; bad = N0; architectures = []; programs = []; inputs = [] }

let operator = function
  | "NE" -> NE | "LT" -> LT | "LE" -> LE | "EQ" -> EQ | "GE" -> GE | "GT" -> GT | "MASKED_EQ" -> MASKED_EQ
  | s -> raise (Malformed (s ^ " is no comparison"))

let argument s = match s with
  | "0" | "1" | "2" | "3" | "4" | "5" -> natural (int_of_string s)
  | _ -> raise (Malformed (s ^ " is no argument"))

(* Lists grow at their front, and are turned round when the case is complete. *)
let on_head what change = function
  | head :: rest -> change head :: rest
  | [] -> raise (Malformed ("there is no " ^ what ^ " yet"))
let on_architecture case change = case.architectures <- on_head "architecture" change case.architectures
let on_call case change =
  on_architecture case (fun a -> { a with a_calls = on_head "call" change a.a_calls })
let on_rule case change = on_call case (fun s -> { s with s_rules = on_head "rule" change s.s_rules })

let line case words = match words with
  | ["order"; "little"] -> case.order <- Little
  | ["order"; "big"] -> case.order <- Big
  | ["default"; action] -> case.default <- number action
  | ["bad-architecture"; action] -> case.bad <- number action
  | ["architecture"; audit; first; last; ("32" | "64" as width)] ->
    case.architectures <- { a_audit = number audit; a_first = number first; a_last = number last; a_wide = (width = "64");
                            a_unknown = None; a_calls = [] } :: case.architectures
  | ["unknown"; first; action] -> on_architecture case (fun a -> { a with a_unknown = Some (number first, number action) })
  | ["call"; nr] -> on_architecture case (fun a -> { a with a_calls = { s_number = number nr; s_rules = [] } :: a.a_calls })
  | ["rule"; action] -> on_call case (fun s -> { s with s_rules = { r_conditions = []; r_action = number action } :: s.s_rules })
  | ["condition"; arg; op; mask; value] ->
    let condition = { c_argument = argument arg; c_operator = operator op; c_mask = number mask; c_value = number value } in
    on_rule case (fun r -> { r with r_conditions = condition :: r.r_conditions })
  | ["program"] -> case.programs <- [] :: case.programs
  | ["code"; bytes] ->
    case.programs <- on_head "program" (fun p -> List.rev_append (bytes_of_text bytes) p) case.programs
  | ["input"; bytes] when String.length bytes = 128 -> case.inputs <- bytes_of_text bytes :: case.inputs
  | _ -> raise (Malformed "no such line")

let policy_of case =
  let rule r = { r with r_conditions = List.rev r.r_conditions } in
  let call s = { s with s_rules = List.rev_map rule s.s_rules } in
  let architecture a = { a with a_calls = List.rev_map call a.a_calls } in
  { p_order = case.order; p_default = case.default; p_bad_architecture = case.bad;
    p_architectures = List.rev_map architecture case.architectures }

(* ---- answers ---- *)

let depth = ref 20000 and work = ref "0x30d40"
let status = ref 0 (* 0: all equal; 1: one is different; 2: one is unknown *)

let reason = function
  | Refused -> "the kernel would refuse a program"
  | Masked_order -> "an order of masked values"
  | Not_modelled -> "a program runs off its end"
  | Too_deep -> "too many tests on one path"
  | Too_long -> "too many states"
  | Undecided -> "not decided"

let bytes_text bytes = String.concat "" (List.map (fun b ->
  let s = text b in if String.length s = 3 then "0" ^ String.sub s 2 1 else String.sub s 2 2) bytes)

let verdicts policy programs bytes =
  let input = input_of_bytes bytes in
  let program = match programs_of_bytes policy.p_order programs with
    | None -> "refused"
    | Some ps -> (match verdict policy.p_order ps input with Some answer -> text answer | None -> "none") in
  Printf.sprintf "input %s: program %s, policy %s" (bytes_text bytes) program (text (eval policy input))

let judge case =
  let policy = policy_of case and programs = List.map List.rev case.programs in
  if programs <> [] && case.inputs = [] then begin
    match check (natural !depth) (number !work) policy programs with
    | Equal -> print_endline "equal"
    | Different bytes -> status := max !status 1; print_endline ("different, " ^ verdicts policy programs bytes)
    | Unknown why -> status := 2; print_endline ("unknown: " ^ reason why)
  end;
  List.iter (fun bytes -> print_endline (verdicts policy programs bytes)) (List.rev case.inputs)

let read name channel =
  let case = ref None and at = ref 0 in
  let finish () = (match !case with Some c -> judge c | None -> ()); case := None in
  let malformed why = Printf.eprintf "callgate-recheck: %s:%d: %s\n" name !at why; exit 3 in
  (try while true do
    let words = List.filter (fun s -> s <> "") (String.split_on_char ' ' (input_line channel)) in
    incr at;
    match words, !case with
    | [], _ -> ()
    | word :: _, _ when word.[0] = '#' -> ()
    | ["callgate-proof"; "1"], _ -> finish (); case := Some (empty ())
    | _, Some c -> line c words
    | _, None -> raise (Malformed "the first line is \"callgate-proof 1\"")
  done with
  | End_of_file -> if !case = None then malformed "nothing to read" else finish ()
  | Malformed why -> malformed why)

let () =
  match Array.to_list Sys.argv with
  | [_] | [_; "-"] -> read "standard input" stdin; exit !status
  | [_; ("-h" | "--help")] -> print_endline "usage: callgate-recheck [FILE...]: checks what `callgate compile --format proof` writes"
  | _ :: files ->
    List.iter (fun name ->
      match open_in name with
      | channel -> read name channel; close_in channel
      | exception Sys_error why -> Printf.eprintf "callgate-recheck: %s\n" why; exit 3) files;
    exit !status
  | [] -> exit 3
