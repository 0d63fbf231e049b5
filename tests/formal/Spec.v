(** * What is trusted: the meaning of programs, of stacks of programs, and of policies.

    Programs are after the kernel's documentation (networking/filter.rst, userspace-api/seccomp_filter.rst) and its uapi
    headers; policies are after [policy_eval()] in src/policy/policy.c. *)
From Coq Require Import NArith List Bool.
Import ListNotations.
Open Scope N_scope.

(** ** Input: the 64 bytes of struct seccomp_data, in the byte order of the machine *)

Definition two32 : N := 4294967296.
Definition word_max : N := 4294967295.
Inductive byte_order := Little | Big.
Definition input := nat -> N.
Definition valid (i : input) : Prop := forall n, i n < 256.

Definition word_of_bytes (order : byte_order) (b0 b1 b2 b3 : N) : N :=
  match order with
  | Little => b0 + 256 * (b1 + 256 * (b2 + 256 * b3))
  | Big => b3 + 256 * (b2 + 256 * (b1 + 256 * b0))
  end.
(** The 32-bit word at offset 4 * w: word 0 is the number, 1 the architecture, 2 and 3 the instruction pointer, the others are arguments. *)
Definition word (order : byte_order) (i : input) (w : nat) : N :=
  word_of_bytes order (i (4 * w)%nat) (i (4 * w + 1)%nat) (i (4 * w + 2)%nat) (i (4 * w + 3)%nat).
Definition number order i := word order i 0.
Definition architecture_of order i := word order i 1.
(** Argument n, 64 bits at offset 16 + 8 * n. *)
Definition argument (order : byte_order) (i : input) (n : nat) : N :=
  let at_ k := i (16 + 8 * n + k)%nat in
  match order with
  | Little => word_of_bytes Little (at_ 0%nat) (at_ 1%nat) (at_ 2%nat) (at_ 3%nat)
              + two32 * word_of_bytes Little (at_ 4%nat) (at_ 5%nat) (at_ 6%nat) (at_ 7%nat)
  | Big => word_of_bytes Big (at_ 4%nat) (at_ 5%nat) (at_ 6%nat) (at_ 7%nat)
           + two32 * word_of_bytes Big (at_ 0%nat) (at_ 1%nat) (at_ 2%nat) (at_ 3%nat)
  end.

(** ** Programs *)

Inductive operation := Add | Sub | Mul | Div | And | Or | Xor | Lsh | Rsh.
Inductive comparison := Jeq | Jgt | Jge | Jset.
Inductive operand := K (k : N) | X.
Inductive instruction :=
| LoadWord (w : nat) | LoadImm (k : N) | LoadMem (j : nat) | LoadxImm (k : N) | LoadxMem (j : nat)
| Store (j : nat) | Storex (j : nat) | Tax | Txa | Alu (o : operation) (b : operand) | Neg
| Jump (k : N) | Branch (c : comparison) (b : operand) (jt jf : N) | Return (k : N) | ReturnA.

Definition compute (o : operation) (a b : N) : N :=
  match o with
  | Add => a + b | Sub => a + two32 - b | Mul => a * b | Div => a / b
  | And => N.land a b | Or => N.lor a b | Xor => N.lxor a b
  | Lsh => N.shiftl a (N.land b 31) | Rsh => N.shiftr a (N.land b 31)
  end mod two32.
(** A division by zero ends the program with 0, which is KILL_THREAD. *)
Definition divides_by_zero (o : operation) (b : N) : bool := match o with Div => b =? 0 | _ => false end.
Definition compare (c : comparison) (a b : N) : bool :=
  match c with Jeq => a =? b | Jgt => b <? a | Jge => b <=? a | Jset => negb (N.land a b =? 0) end.

Fixpoint set_nth {T} (n : nat) (t : T) (l : list T) : list T :=
  match l, n with
  | [], _ => []
  | _ :: rest, O => t :: rest
  | head :: rest, S n => head :: set_nth n t rest
  end.

(** Jumps only go forward: [skip] is how many instructions are to be passed over. [None]: the program runs off its end,
    which no accepted program does (theorem [accepted_returns]). *)
Fixpoint run (words : nat -> N) (p : list instruction) (skip a x : N) (m : list N) : option N :=
  match p with
  | [] => None
  | c :: p =>
    if negb (skip =? 0) then run words p (N.pred skip) a x m else
    let value b := match b with K k => k | X => x end in
    match c with
    | LoadWord w => run words p 0 (words w) x m
    | LoadImm k => run words p 0 k x m
    | LoadMem j => run words p 0 (nth j m 0) x m
    | LoadxImm k => run words p 0 a k m
    | LoadxMem j => run words p 0 a (nth j m 0) m
    | Store j => run words p 0 a x (set_nth j a m)
    | Storex j => run words p 0 a x (set_nth j x m)
    | Tax => run words p 0 a a m
    | Txa => run words p 0 x x m
    | Alu o b => if divides_by_zero o (value b) then Some 0 else run words p 0 (compute o a (value b)) x m
    | Neg => run words p 0 (compute Sub 0 a) x m
    | Jump k => run words p k a x m
    | Branch c b jt jf => run words p (if compare c a (value b) then jt else jf) a x m
    | Return k => Some k
    | ReturnA => Some a
    end
  end.
Definition memory_size : nat := 16.
Definition run_program (words : nat -> N) (p : list instruction) : option N := run words p 0 0 0 (repeat 0 memory_size).

(** ** Bytes of programs: struct sock_filter {u16 code; u8 jt, jf; u32 k} *)

(** [None]: the kernel does not take the instruction in a filter of seccomp(2). The size of the data is 64. *)
Definition decode (code jt jf k : N) : option instruction :=
  let memory (make : nat -> instruction) := if k <? 16 then Some (make (N.to_nat k)) else None in
  let shift o := if k <? 32 then Some (Alu o (K k)) else None in
  match code with
  | 0x20 => if (k <? 64) && (k mod 4 =? 0) then Some (LoadWord (N.to_nat (k / 4))) else None
  | 0x00 => Some (LoadImm k) | 0x01 => Some (LoadxImm k) | 0x80 => Some (LoadImm 64) | 0x81 => Some (LoadxImm 64)
  | 0x60 => memory LoadMem | 0x61 => memory LoadxMem | 0x02 => memory Store | 0x03 => memory Storex
  | 0x07 => Some Tax | 0x87 => Some Txa
  | 0x04 => Some (Alu Add (K k)) | 0x0c => Some (Alu Add X) | 0x14 => Some (Alu Sub (K k)) | 0x1c => Some (Alu Sub X)
  | 0x24 => Some (Alu Mul (K k)) | 0x2c => Some (Alu Mul X)
  | 0x34 => if k =? 0 then None else Some (Alu Div (K k)) | 0x3c => Some (Alu Div X)
  | 0x44 => Some (Alu Or (K k)) | 0x4c => Some (Alu Or X) | 0x54 => Some (Alu And (K k)) | 0x5c => Some (Alu And X)
  | 0xa4 => Some (Alu Xor (K k)) | 0xac => Some (Alu Xor X)
  | 0x64 => shift Lsh | 0x6c => Some (Alu Lsh X) | 0x74 => shift Rsh | 0x7c => Some (Alu Rsh X) | 0x84 => Some Neg
  | 0x05 => Some (Jump k)
  | 0x15 => Some (Branch Jeq (K k) jt jf) | 0x1d => Some (Branch Jeq X jt jf)
  | 0x25 => Some (Branch Jgt (K k) jt jf) | 0x2d => Some (Branch Jgt X jt jf)
  | 0x35 => Some (Branch Jge (K k) jt jf) | 0x3d => Some (Branch Jge X jt jf)
  | 0x45 => Some (Branch Jset (K k) jt jf) | 0x4d => Some (Branch Jset X jt jf)
  | 0x06 => Some (Return k) | 0x16 => Some ReturnA
  | _ => None
  end.
Fixpoint decode_bytes (order : byte_order) (bytes : list N) : option (list instruction) :=
  match bytes with
  | [] => Some []
  | c0 :: c1 :: jt :: jf :: k0 :: k1 :: k2 :: k3 :: rest =>
    let code := match order with Little => c0 + 256 * c1 | Big => c1 + 256 * c0 end in
    match decode code jt jf (word_of_bytes order k0 k1 k2 k3), decode_bytes order rest with
    | Some c, Some p => Some (c :: p)
    | _, _ => None
    end
  | _ => None
  end.

(** ** What else the kernel asks of a program before it loads it *)

Fixpoint jumps_stay_inside (p : list instruction) : bool :=
  match p with
  | [] => true
  | c :: p =>
    let inside k := k <? N.of_nat (length p) in
    match c with Jump k => inside k | Branch _ _ jt jf => inside jt && inside jf | _ => true end && jumps_stay_inside p
  end.
Definition is_return (c : instruction) : bool := match c with Return _ | ReturnA => true | _ => false end.
Definition ends_in_return (p : list instruction) : bool := match rev p with c :: _ => is_return c | [] => false end.

(** Memory is written on every path before it is read. A set of written words is a number, one bit for each; [ahead] holds
    those of the instructions to come, as far as jumps have limited them. What follows a jump is limited by jumps alone. *)
Definition all_written : N := 65535.
Definition limit (k known : N) (ahead : list N) : list N :=
  set_nth (N.to_nat k) (N.land known (nth (N.to_nat k) ahead all_written)) ahead.
Fixpoint memory_is_written (p : list instruction) (known : N) (ahead : list N) : bool :=
  match p, ahead with
  | c :: p, here :: ahead =>
    let known := N.land known here in
    match c with
    | Store j | Storex j => memory_is_written p (N.setbit known (N.of_nat j)) ahead
    | LoadMem j | LoadxMem j => N.testbit known (N.of_nat j) && memory_is_written p known ahead
    | Jump k => memory_is_written p all_written (limit k known ahead)
    | Branch _ _ jt jf => memory_is_written p all_written (limit jt known (limit jf known ahead))
    | _ => memory_is_written p known ahead
    end
  | _, _ => true
  end.
Definition accepted (p : list instruction) : bool :=
  (N.of_nat (length p) <=? 4096) && jumps_stay_inside p && ends_in_return p
  && memory_is_written p 0 (repeat all_written (length p)).
Definition program_of_bytes (order : byte_order) (bytes : list N) : option (list instruction) :=
  match decode_bytes order bytes with Some p => if accepted p then Some p else None | None => None end.
Fixpoint programs_of_bytes (order : byte_order) (l : list (list N)) : option (list (list instruction)) :=
  match l with
  | [] => Some []
  | bytes :: l =>
    match program_of_bytes order bytes, programs_of_bytes order l with Some p, Some ps => Some (p :: ps) | _, _ => None end
  end.

(** ** Stacks: the kernel runs all filters, the most recently loaded one first, and takes the strictest action; of equal
    actions the first answer's data. It starts from ALLOW without data. *)

Definition allow : N := 0x7fff0000.
(** The action, without its 16 data bits, is compared as a signed number. *)
Definition strictness (answer : N) : N := (answer / 65536 + 32768) mod 65536.
Definition stricter (so_far answer : N) : N := if strictness answer <? strictness so_far then answer else so_far.
Fixpoint run_stack (words : nat -> N) (ps : list (list instruction)) (so_far : N) : option N :=
  match ps with
  | [] => Some so_far
  | p :: ps => match run_program words p with Some answer => run_stack words ps (stricter so_far answer) | None => None end
  end.
(** [ps] is in the order in which the filters run: the most recently loaded one is the first. *)
Definition verdict (order : byte_order) (ps : list (list instruction)) (i : input) : option N := run_stack (word order i) ps allow.

(** ** Policies *)

(** (argument & mask) OP value; on an architecture of 32 bits (x32 too) only the low half of the argument is looked at. *)
Inductive operator := NE | LT | LE | EQ | GE | GT | MASKED_EQ.
Record condition := Condition { c_argument : nat; c_operator : operator; c_mask : N; c_value : N }.
Record rule := Rule { r_conditions : list condition; r_action : N }.
Record call := Call { s_number : N; s_rules : list rule }.
(** [a_unknown]: from this number on, calls that no rule names get this action in place of the default one. *)
Record architecture := Architecture
  { a_audit : N; a_first : N; a_last : N; a_wide : bool; a_unknown : option (N * N); a_calls : list call }.
Record policy := Policy { p_order : byte_order; p_default : N; p_bad_architecture : N; p_architectures : list architecture }.

Definition word_mask (wide : bool) : N := if wide then 18446744073709551615 else word_max.
Definition condition_holds (order : byte_order) (wide : bool) (i : input) (c : condition) : bool :=
  let x := N.land (argument order i (c_argument c)) (N.land (word_mask wide) (c_mask c)) in
  let v := c_value c in
  match c_operator c with
  | NE => negb (x =? v) | LT => x <? v | LE => x <=? v | EQ | MASKED_EQ => x =? v | GE => v <=? x | GT => v <? x
  end.
Definition rule_matches (order : byte_order) (i : input) (r : bool * rule) : bool :=
  forallb (condition_holds order (fst r) i) (r_conditions (snd r)).
Definition is_audit (p : policy) (i : input) (a : architecture) : bool := architecture_of (p_order p) i =? a_audit a.
(** The number 0xffffffff is a skipped call, which every architecture covers. *)
Definition covers (p : policy) (i : input) (a : architecture) : bool :=
  let nr := number (p_order p) i in
  is_audit p i a && ((nr =? word_max) || (a_first a <=? nr) && (nr <=? a_last a)).
Definition is_unknown (p : policy) (i : input) (a : architecture) : bool :=
  let nr := number (p_order p) i in
  match a_unknown a with
  | Some (first, _) => is_audit p i a && (first <=? nr) && (nr <=? a_last a) && negb (nr =? word_max)
  | None => false
  end.
(** All rules for the call, each with whether its architecture has arguments of 64 bits. *)
Definition rules_of_call (p : policy) (i : input) : list (bool * rule) :=
  flat_map (fun a => flat_map (fun s => if is_audit p i a && (number (p_order p) i =? s_number s)
                                        then map (pair (a_wide a)) (s_rules s) else [])
                              (a_calls a))
           (p_architectures p).
Definition eval (p : policy) (i : input) : N :=
  if negb (existsb (covers p i) (p_architectures p)) then p_bad_architecture p else
  match find (rule_matches (p_order p) i) (rules_of_call p i), rules_of_call p i with
  | Some r, _ => r_action (snd r)
  | None, _ :: _ => p_default p
  | None, [] =>
    match find (is_unknown p i) (p_architectures p) with
    | Some a => match a_unknown a with Some (_, action) => action | None => p_default p end
    | None => p_default p
    end
  end.
