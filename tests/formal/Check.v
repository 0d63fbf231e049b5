(** * The checker: is a stack of programs, on every input, what a policy says?

    It executes the programs symbolically, beside the policy as an ordered list of guarded actions. Facts are what is known of
    each 32-bit word of the input: an interval, known bits, and masked values that it does not have. Where a branch is not
    decided by the facts, one test of one word is assumed true and then false; each time the policy is simplified by it.
    States that were proved are shared, after the facts were reduced to those that matter for what is still to come. *)
From Coq Require Import NArith List Bool FMapPositive.
From Callgate Require Import Spec.
Import ListNotations.
Open Scope N_scope.

(** ** Tests of a word, and facts about it *)

(** The word is at least k; the word under a mask is v. *)
Inductive test := Least (k : N) | Match (m v : N).
Definition holds (t : test) (x : N) : bool := match t with Least k => k <=? x | Match m v => N.land x m =? v end.
Definition equals (k : N) : test := Match word_max k.

(** low <= x <= high, x land mask = bits, and x land m <> v for each (m, v) in [excluded]. *)
Record fact := Fact { low : N; high : N; mask : N; bits : N; excluded : list (N * N) }.
Definition anything : fact := Fact 0 word_max 0 0 [].
Definition facts := list fact.
Definition fact_of (f : facts) (w : nat) : fact := nth w f anything.
(** Is it the impossible of (m, v), because v is wrong in the bits of m' already? *)
Definition implies_excluded (m v : N) (e : N * N) : bool :=
  let (m', v') := e in (N.land m m' =? m') && (N.land v m' =? v').

Definition decide (a : fact) (t : test) : option bool :=
  match t with
  | Least k => if k <=? low a then Some true else if high a <? k then Some false else None
  | Match m v =>
    if low a =? high a then Some (N.land (low a) m =? v)
    else if negb (N.land v m =? v) || negb (N.land (bits a) m =? N.land v (mask a)) then Some false
    else if N.land m (mask a) =? m then Some true
    else if (m =? word_max) && ((v <? low a) || (high a <? v)) then Some false
    else if existsb (implies_excluded m v) (excluded a) then Some false
    else None
  end.

(** The interval, as far as known bits narrow it. *)
Definition tighten (a : fact) : fact :=
  Fact (N.max (low a) (bits a)) (N.min (high a) (N.lor (bits a) (N.ldiff word_max (mask a)))) (mask a) (bits a) (excluded a).
Definition with_bits (a : fact) (m v : N) : fact :=
  if m =? word_max then Fact (N.max (low a) v) (N.min (high a) v) word_max v (excluded a)
  else tighten (Fact (low a) (high a) (N.lor (mask a) m) (N.lor (bits a) v) (excluded a)).

(** Some word in the interval with the known bits, of which the bits from b on are [above]. *)
Fixpoint find_in_interval (a : fact) (b : nat) (above : N) : option N :=
  let down x := N.shiftr x (N.of_nat b) in
  let up x := N.shiftl x (N.of_nat b) in
  if (high a <? up above) || (up (N.succ above) <=? low a) || negb (N.land above (down (mask a)) =? down (bits a)) then None else
  match b with
  | O => Some above
  | S b => match find_in_interval a b (N.double above) with
           | Some x => Some x
           | None => find_in_interval a b (N.succ_double above)
           end
  end.
(** Some word with the facts. Each level fixes a bit; it finds one if there is any (lemma [find_complete]). *)
Fixpoint find (depth : nat) (a : fact) : option N :=
  let fits := (low a <=? high a) && (N.land (low a) (mask a) =? bits a) in
  match (if fits then Some (low a) else find_in_interval a 32 0) with
  | None => None
  | Some x =>
    match List.find (fun e => N.land x (fst e) =? snd e) (excluded a), depth with
    | None, _ | _, O => Some x
    | Some (m, v), S depth =>
      let unknown := N.ldiff m (mask a) in
      if unknown =? 0 then if N.land (bits a) m =? v then None else Some x else
      let bit := 2 ^ N.log2 unknown in
      let v := N.land v bit in
      match find depth (with_bits a bit (N.lxor bit v)) with Some x => Some x | None => find depth (with_bits a bit v) end
    end
  end.
Definition find_word (a : fact) : option N := find 33 a.
Definition is_empty (a : fact) : bool := (high a <? low a) || match find_word a with Some _ => false | None => true end.
Definition is_single_bit (m : N) : bool := (m =? 2 ^ N.log2 m).
Definition assume (a : fact) (t : test) (b : bool) : fact :=
  match t, b with
  | Least k, true => Fact (N.max (low a) k) (high a) (mask a) (bits a) (excluded a)
  | Least k, false => Fact (low a) (N.min (high a) (N.pred k)) (mask a) (bits a) (excluded a)
  | Match m v, true => with_bits a m v
  | Match m v, false =>
    if is_single_bit m && (v =? 0) then with_bits a m m
    else if is_single_bit m && (v =? m) then with_bits a m 0
    else let out low high := Fact low high (mask a) (bits a) ((m, v) :: excluded a) in
      if (m =? word_max) && (v =? low a) then out (low a + 1) (high a)
      else if (m =? word_max) && (v =? high a) then out (low a) (N.pred (high a))
      else out (low a) (high a)
  end.

(** ** The policy as an ordered list of guarded actions *)

Inductive formula := Const (b : bool) | Test (w : nat) (t : test) | Not (g : formula) | Both (g h : formula) | Either (g h : formula).
(** The first action whose guard holds; else [otherwise]. *)
Record decision := Decision { guarded : list (formula * N); otherwise : N }.

Definition low_word (order : byte_order) (n : nat) : nat := (4 + 2 * n + match order with Little => 0 | Big => 1 end)%nat.
Definition high_word (order : byte_order) (n : nat) : nat := (4 + 2 * n + match order with Little => 1 | Big => 0 end)%nat.
Definition least64 (order : byte_order) (n : nat) (k : N) : formula :=
  let h := high_word order n in
  Either (Test h (Least (k / two32 + 1))) (Both (Test h (Least (k / two32))) (Test (low_word order n) (Least (k mod two32)))).
Definition match64 (order : byte_order) (n : nat) (m v : N) : formula :=
  Both (Test (high_word order n) (Match (m / two32) (v / two32))) (Test (low_word order n) (Match (m mod two32) (v mod two32))).
(** [None]: an order of masked values, which no policy asks for. *)
Definition formula_of_condition (order : byte_order) (wide : bool) (c : condition) : option formula :=
  let m := N.land (word_mask wide) (c_mask c) in
  let l := low_word order (c_argument c) in
  let least k := if m =? word_mask true then Some (least64 order (c_argument c) k)
                 else if m =? word_max then Some (Test l (Least k)) else None in
  let equal := if m <? two32 then Test l (Match m (c_value c)) else match64 order (c_argument c) m (c_value c) in
  match c_operator c with
  | NE => Some (Not equal) | EQ | MASKED_EQ => Some equal
  | LT => option_map Not (least (c_value c)) | GE => least (c_value c)
  | LE => option_map Not (least (c_value c + 1)) | GT => least (c_value c + 1)
  end.
Fixpoint formula_of_conditions order wide (cs : list condition) : option formula :=
  match cs with
  | [] => Some (Const true)
  | c :: cs => match formula_of_condition order wide c, formula_of_conditions order wide cs with
               | Some g, Some h => Some (Both g h) | _, _ => None end
  end.

Definition nr_is k := Test 0 (equals k).
Definition nr_between first last := Both (Test 0 (Least first)) (Not (Test 0 (Least (last + 1)))).
Definition arch_is (a : architecture) := Test 1 (equals (a_audit a)).
Definition covered (a : architecture) : formula := Both (arch_is a) (Either (nr_is word_max) (nr_between (a_first a) (a_last a))).
Fixpoint covered_by_any (l : list architecture) : formula :=
  match l with [] => Const false | a :: l => Either (covered a) (covered_by_any l) end.

(** The rules of one call; and, after those of all architectures, what a call gets that has rules none of which matches. *)
Fixpoint rules_of (order : byte_order) (a : architecture) (s : call) (rules : list rule) : option (list (formula * N)) :=
  match rules with
  | [] => Some []
  | r :: rules => match formula_of_conditions order (a_wide a) (r_conditions r), rules_of order a s rules with
                  | Some g, Some l => Some ((Both (Both (arch_is a) (nr_is (s_number s))) g, r_action r) :: l) | _, _ => None end
  end.
Fixpoint concat_options {T U} (make : T -> option (list U)) (l : list T) : option (list U) :=
  match l with
  | [] => Some []
  | t :: l => match make t, concat_options make l with Some a, Some b => Some (a ++ b) | _, _ => None end
  end.
Definition named (p : policy) (a : architecture) : list (formula * N) :=
  flat_map (fun s => map (fun _ => (Both (arch_is a) (nr_is (s_number s)), p_default p)) (s_rules s)) (a_calls a).
Definition unknown_calls (a : architecture) : list (formula * N) :=
  match a_unknown a with
  | Some (first, action) => [(Both (Both (arch_is a) (nr_between first (a_last a))) (Not (nr_is word_max)), action)]
  | None => []
  end.
Definition decision_of_policy (p : policy) : option decision :=
  match concat_options (fun a => concat_options (fun s => rules_of (p_order p) a s (s_rules s)) (a_calls a)) (p_architectures p) with
  | Some rules => Some (Decision ((Not (covered_by_any (p_architectures p)), p_bad_architecture p) :: rules
                                  ++ flat_map (named p) (p_architectures p) ++ flat_map unknown_calls (p_architectures p))
                                 (p_default p))
  | None => None
  end.

(** Simplified by facts. A last action that is the same as what comes after it goes. *)
Definition negation g := match g with Const b => Const (negb b) | _ => Not g end.
Definition conjunction g h :=
  match g, h with Const false, _ | _, Const false => Const false | Const true, _ => h | _, Const true => g | _, _ => Both g h end.
Definition disjunction g h :=
  match g, h with Const true, _ | _, Const true => Const true | Const false, _ => h | _, Const false => g | _, _ => Either g h end.
Fixpoint simplify (f : facts) (g : formula) : formula :=
  match g with
  | Const b => g
  | Test w t => match decide (fact_of f w) t with Some b => Const b | None => g end
  | Not g => negation (simplify f g)
  | Both g h => match simplify f g with Const false => Const false | g' => conjunction g' (simplify f h) end
  | Either g h => match simplify f g with Const true => Const true | g' => disjunction g' (simplify f h) end
  end.
Definition before (g : formula) (action : N) (d : decision) : decision :=
  match guarded d with
  | [] => if action =? otherwise d then d else Decision [(g, action)] (otherwise d)
  | _ => Decision ((g, action) :: guarded d) (otherwise d)
  end.
Fixpoint simplify_list (f : facts) (l : list (formula * N)) (last : N) : decision :=
  match l with
  | [] => Decision [] last
  | (g, action) :: l =>
    match simplify f g with
    | Const true => Decision [] action
    | Const false => simplify_list f l last
    | g => before g action (simplify_list f l last)
    end
  end.
Definition simplify_decision (f : facts) (d : decision) : decision := simplify_list f (guarded d) (otherwise d).

(** ** Symbolic execution *)

(** A register: a number, or a word of the input after operations with constants, the first one first. *)
Inductive value := Num (k : N) | Of (w : nat) (ops : list (operation * N)).
Definition point_of (f : facts) (v : value) : option N :=
  match v with
  | Num k => Some k
  | Of w ops => let a := fact_of f w in
    if low a =? high a then Some (fold_left (fun x op => compute (fst op) x (snd op)) ops (low a)) else None
  end.
Definition operate (o : operation) (v : value) (k : N) : value :=
  match v with
  | Num a => Num (compute o a k)
  | Of w [(And, m)] => match o with And => Of w [(And, N.land m k)] | _ => Of w [(And, m); (o, k)] end
  | Of w ops => Of w (ops ++ [(o, k)])
  end.
(** A branch on a register is a test, or its negation. *)
Definition test_of_branch (c : comparison) (k : N) : test * bool :=
  match c with
  | Jeq => (equals k, false) | Jgt => (Least (k + 1), false) | Jge => (Least k, false) | Jset => (Match k 0, true)
  end.
(** The same test as one of the input's word, if there is one; or one that has to be decided before: does the addition wrap? *)
Definition shifted (a : fact) (k : N) (t : test) : option (test + test) :=
  if negb (k <? two32) then None else
  match t with
  | Least v =>
    match decide a (Least (two32 - k)) with
    | Some true => Some (inl (Least (v + two32 - k)))
    | Some false => Some (inl (Least (v - k)))
    | None => Some (inr (Least (two32 - k)))
    end
  | Match m v => if (m =? word_max) && (v <? two32) then Some (inl (equals (compute Sub v k))) else None
  end.
Definition test_of_word (a : fact) (ops : list (operation * N)) (t : test) : option (test + test) :=
  match ops, t with
  | [], _ => Some (inl t)
  | [(And, m)], Match m' v => Some (inl (Match (N.land m m') v))
  | [(Add, k)], _ => shifted a k t
  | [(Sub, k)], _ => if k <=? two32 then shifted a (two32 - k) t else None
  | _, _ => None
  end.

(** What stops the execution: a word whose test has to be assumed (which one is a mere hint: any will do), or a reason to give up. *)
Inductive reason := Refused | Masked_order | Not_modelled | Too_deep | Too_long | Undecided.
Inductive stop :=
| Returned (answer : N)
| Waiting (p : list instruction) (a x : value) (m : list value) (w : nat) (t : test)
| Stuck.
Definition hint (f : facts) (v : value) : nat * test :=
  let w := match v with Of w _ => w | Num _ => O end in
  let bit := 2 ^ N.log2 (N.ldiff word_max (mask (fact_of f w))) in (w, Match bit bit).
Definition decide_branch (f : facts) (c : comparison) (v : value) (k : N) : bool + (nat * test) :=
  match point_of f v with
  | Some a => inl (compare c a k)
  | None =>
    match v with
    | Num a => inl (compare c a k)
    | Of w ops =>
      let (t, negated) := test_of_branch c k in
      match test_of_word (fact_of f w) ops t with
      | Some (inr t) => inr (w, t)
      | Some (inl t) => match decide (fact_of f w) t with Some b => inl (xorb negated b) | None => inr (w, t) end
      | None => inr (hint f v)
      end
    end
  end.

Fixpoint walk (f : facts) (p : list instruction) (skip : N) (a x : value) (m : list value) : stop :=
  match p with
  | [] => Stuck
  | c :: rest =>
    if negb (skip =? 0) then walk f rest (N.pred skip) a x m else
    let ask v := let (w, t) := hint f v in Waiting p a x m w t in
    let constant b := match b with K k => Some k | X => point_of f x end in
    match c with
    | LoadWord w => walk f rest 0 (Of w []) x m
    | LoadImm k => walk f rest 0 (Num k) x m
    | LoadMem j => walk f rest 0 (nth j m (Num 0)) x m
    | LoadxImm k => walk f rest 0 a (Num k) m
    | LoadxMem j => walk f rest 0 a (nth j m (Num 0)) m
    | Store j => walk f rest 0 a x (set_nth j a m)
    | Storex j => walk f rest 0 a x (set_nth j x m)
    | Tax => walk f rest 0 a a m
    | Txa => walk f rest 0 x x m
    | Alu o b =>
      match constant b with
      | Some k => if divides_by_zero o k then Returned 0 else walk f rest 0 (operate o a k) x m
      | None => ask x
      end
    | Neg => match point_of f a with Some k => walk f rest 0 (Num (compute Sub 0 k)) x m | None => ask a end
    | Jump k => walk f rest k a x m
    | Branch c b jt jf =>
      match constant b with
      | Some k => match decide_branch f c a k with
                  | inl taken => walk f rest (if taken then jt else jf) a x m
                  | inr (w, t) => Waiting p a x m w t
                  end
      | None => ask x
      end
    | Return k => Returned k
    | ReturnA => match point_of f a with Some k => Returned k | None => ask a end
    end
  end.

(** Where an execution is: in a program, with the programs that are still to run, and the strictest answer so far. *)
Record state := State { s_program : list instruction; s_a : value; s_x : value; s_memory : list value;
                        s_later : list (list instruction); s_so_far : N }.
Inductive progress := Finished (answer : N) | Paused (s : state) (w : nat) (t : test) | Lost.
Definition start_memory : list value := repeat (Num 0) memory_size.
Fixpoint run_later (f : facts) (later : list (list instruction)) (so_far : N) : progress :=
  match later with
  | [] => Finished so_far
  | p :: later =>
    match walk f p 0 (Num 0) (Num 0) start_memory with
    | Returned answer => run_later f later (stricter so_far answer)
    | Waiting p a x m w t => Paused (State p a x m later so_far) w t
    | Stuck => Lost
    end
  end.
Definition advance (f : facts) (s : state) : progress :=
  match walk f (s_program s) 0 (s_a s) (s_x s) (s_memory s) with
  | Returned answer => run_later f (s_later s) (stricter (s_so_far s) answer)
  | Waiting p a x m w t => Paused (State p a x m (s_later s) (s_so_far s)) w t
  | Stuck => Lost
  end.

(** ** What of the facts matters for what is still to come. Nothing here needs a proof: the result is compared with the facts. *)

Definition tests := list (nat * test).
Fixpoint tests_of_formula (g : formula) (l : tests) : tests :=
  match g with
  | Const _ => l
  | Test w t => (w, t) :: l
  | Not g => tests_of_formula g l
  | Both g h | Either g h => tests_of_formula g (tests_of_formula h l)
  end.
(** The instructions that can be reached are a set of distances. [w], [m]: which word A holds, under which mask. *)
Fixpoint tests_of_program (p : list instruction) (reached : N) (w : nat) (m : N) (l : tests) : tests :=
  match p with
  | [] => l
  | c :: p =>
    let ahead := N.div2 reached in
    if negb (N.odd reached) then tests_of_program p ahead w m l else
    let next := N.lor ahead 1 in
    match c with
    | LoadWord w => tests_of_program p next w word_max l
    | Alu And (K k) => tests_of_program p next w k l
    | Jump k => tests_of_program p (N.setbit ahead k) w m l
    | Branch c b jt jf =>
      let t := match b with
        | K k => match test_of_branch c k with (Match m' v, _) => Match (N.land m m') v | (t, _) => t end
        | X => equals 0 end in
      tests_of_program p (N.setbit (N.setbit ahead jt) jf) w m ((w, t) :: l)
    | Return _ | ReturnA => tests_of_program p ahead w m l
    | _ => tests_of_program p next w m l
    end
  end.
(** Does the execution wait for bits of a word, one after the other? What is known of them must not be lost until it goes on. *)
Definition asks_for_bits (f : facts) (s : state) : bool :=
  match s_program s, s_a s with
  | Branch c (K k) _ _ :: _, Of w ops =>
    match test_of_word (fact_of f w) ops (fst (test_of_branch c k)) with Some _ => false | None => true end
  | _, _ => true
  end.
Definition tests_on (w : nat) (l : tests) : list test := map snd (filter (fun u => Nat.eqb (fst u) w) l).

Definition breakpoints (l : list test) : list N :=
  flat_map (fun t => match t with Least k => [k] | Match m v => if m =? word_max then [v; v + 1] else [] end) l.
Definition wider_low (points : list N) (k : N) : N := fold_left (fun best p => if p <=? k then N.max best p else best) points 0.
Definition wider_high (points : list N) (k : N) : N :=
  fold_left (fun best p => if k <? p then N.min best (N.pred p) else best) points word_max.
Definition masks (l : list test) : N :=
  fold_left (fun m t => match t with Match m' _ => if m' =? word_max then m else N.lor m m' | _ => m end) l 0.
Definition same_answer (a b : option bool) : bool :=
  match a, b with Some a, Some b => Bool.eqb a b | None, None => true | _, _ => false end.
Definition reduce (l : list test) (a : fact) : fact :=
  let points := breakpoints l in
  let lo := wider_low points (low a) in let hi := wider_high points (high a) in
  let m := N.land (mask a) (masks l) in let v := N.land (bits a) m in
  let out := filter (fun e => existsb (fun t => match t with Match m v => implies_excluded m v e | _ => false end) l) (excluded a) in
  let candidates := [anything; Fact lo hi 0 0 []; Fact 0 word_max m v []; Fact lo hi m v []; Fact lo hi 0 0 out;
                     Fact 0 word_max m v out; Fact lo hi m v out] in
  match List.find (fun b => forallb (fun t => same_answer (decide a t) (decide b t)) l) candidates with Some b => b | None => a end.
Definition tests_to_come (s : state) (d : decision) : tests :=
  fold_left (fun l g => tests_of_formula (fst g) l) (guarded d)
            (tests_of_program (s_program s) 1 (match s_a s with Of w _ => w | Num _ => O end) word_max []).
Fixpoint number_from {T U} (make : nat -> T -> U) (n : nat) (l : list T) : list U :=
  match l with [] => [] | t :: l => make n t :: number_from make (S n) l end.
Definition reduce_all (s : state) (d : decision) (f : facts) : facts :=
  let l := tests_to_come s d in
  (* Programs that are still to run begin with architecture and number, and seldom test arguments that this one has tested. *)
  let bits := asks_for_bits f s in
  let kept w := bits || match s_later s with [] => false | _ => Nat.ltb w 2 end in
  number_from (fun w a => if kept w then a else reduce (tests_on w l) a) 0 f.

(** Does each input with the facts [a] have the facts [b]? *)
Definition is_weaker (a b : fact) : bool :=
  (low b <=? low a) && (high a <=? high b) && (N.land (mask b) (mask a) =? mask b) && (N.land (bits a) (mask b) =? bits b)
  && forallb (fun e => existsb (fun e' => (fst e =? fst e') && (snd e =? snd e')) (excluded a)) (excluded b).
Fixpoint are_weaker (f g : facts) : bool :=
  match f, g with
  | [], [] => true
  | a :: f, b :: g => is_weaker a b && are_weaker f g
  | _, _ => false
  end.

(** ** Shared states *)

(** On every input with the facts, the execution from the state on gives what the decision says. *)
Record claim := Claim { c_facts : facts; c_state : state; c_decision : decision }.
Definition claim_eq_dec (a b : claim) : {a = b} + {a <> b}.
Proof. repeat decide equality. Defined.
Definition hash (c : claim) : positive :=
  N.succ_pos (fold_left (fun h a => (h * 31 + low a + 3 * bits a + 5 * mask a + high a) mod 1073741789) (c_facts c)
    (N.of_nat (length (s_program (c_state c))) * 4099 + N.of_nat (length (guarded (c_decision c))) * 17
     + N.of_nat (length (s_later (c_state c))))).
Definition table := PositiveMap.t (list claim).
Definition lookup (t : table) (c : claim) : bool :=
  match PositiveMap.find (hash c) t with Some l => existsb (fun d => if claim_eq_dec c d then true else false) l | None => false end.
Definition insert (t : table) (c : claim) : table :=
  PositiveMap.add (hash c) (c :: match PositiveMap.find (hash c) t with Some l => l | None => [] end) t.
(** [failed] are claims that could not be proved, which saves trying again. *)
Record memory := Memory { proved : table; failed : table; work : N }.

(** ** Witnesses: any input with the facts, which the specification is asked about *)

Definition bytes_of_word (order : byte_order) (x : N) : list N :=
  let byte k := N.land (N.shiftr x (8 * k)) 255 in
  match order with Little => [byte 0; byte 1; byte 2; byte 3] | Big => [byte 3; byte 2; byte 1; byte 0] end.
Fixpoint all_words (order : byte_order) (l : list (option N)) : option (list N) :=
  match l with
  | [] => Some []
  | Some x :: l => option_map (app (bytes_of_word order x)) (all_words order l)
  | None :: _ => None
  end.
Definition input_of_bytes (bytes : list N) : input := fun n => nth n bytes 0.
Definition is_difference (p : policy) (ps : list (list instruction)) (bytes : list N) : bool :=
  forallb (fun b => b <? 256) bytes
  && match verdict (p_order p) ps (input_of_bytes bytes) with
     | Some answer => negb (answer =? eval p (input_of_bytes bytes)) | None => true end.
(** ** The search *)

Inductive result := Proved | Failed | Differs (bytes : list N) | GaveUp (why : reason).
(** [d] is simplified by [f]. [exact] are the facts of the path, never reduced; they are only for witnesses. *)
Definition search := facts -> facts -> decision -> state -> memory -> result * memory.

Definition assume_word (f : facts) (w : nat) (t : test) (b : bool) : facts := set_nth w (assume (fact_of f w) t b) f.
Definition half (go : search) (f exact : facts) (d : decision) (s : state) (w : nat) (t : test) (b : bool) (m : memory)
  : result * memory :=
  if is_empty (assume (fact_of f w) t b) then (Proved, m) else
  let f' := assume_word f w t b in go f' (assume_word exact w t b) (simplify_decision f' d) s m.
Definition split (go : search) (w : nat) (t : test) : search := fun f exact d s m =>
  match half go f exact d s w t true m with
  | (Proved, m) => half go f exact d s w t false m
  | other => other
  end.
(** A claim is looked up, or proved and kept. *)
Definition shared (go : search) : search := fun f exact d s m =>
  let c := Claim f s d in
  if lookup (proved m) c then (Proved, m) else
  if lookup (failed m) c then (Failed, m) else
  match go f exact d s m with
  | (Proved, m) => (Proved, Memory (insert (proved m) c) (failed m) (work m))
  | (Failed, m) => (Failed, Memory (proved m) (insert (failed m) c) (work m))
  | other => other
  end.
(** First with the facts that matter alone, then with all. Numbers and architectures are told apart without. *)
Definition reduced (go : search) (w : nat) : search := fun f exact d s m =>
  if Nat.ltb w 4 then go f exact d s m else
  let g := reduce_all s d f in
  if are_weaker f g
  then match shared go g exact d s m with (Failed, m) => shared go f exact d s m | other => other end
  else shared go f exact d s m.

Fixpoint first_test (g : formula) : option (nat * test) :=
  match g with
  | Const _ => None
  | Test w t => Some (w, t)
  | Not g => first_test g
  | Both g h | Either g h => match first_test g with Some q => Some q | None => first_test h end
  end.
Definition question (l : list (formula * N)) : option (nat * test) := match l with (g, _) :: _ => first_test g | [] => None end.

Section Solve.
Variables (p : policy) (ps : list (list instruction)).
Definition disagree (exact : facts) (m : memory) : result * memory :=
  match all_words (p_order p) (map find_word exact) with
  | Some bytes => if is_difference p ps bytes then (Differs bytes, m) else (Failed, m)
  | None => (Failed, m)
  end.
Fixpoint solve (depth : nat) : search := fun f exact d s m =>
  match depth with
  | O => (GaveUp Too_deep, m)
  | S depth =>
    if work m =? 0 then (GaveUp Too_long, m) else
    let m := Memory (proved m) (failed m) (N.pred (work m)) in
    match advance f s with
    | Lost => (GaveUp Not_modelled, m)
    | Paused s w t => reduced (split (solve depth) w t) w f exact d s m
    | Finished answer =>
      match guarded d with
      | [] => if answer =? otherwise d then (Proved, m) else disagree exact m
      | l => match question l with Some (w, t) => split (solve depth) w t f exact d s m | None => (Failed, m) end
      end
    end
  end.
End Solve.

(** ** The answer *)

Inductive answer := Equal | Different (bytes : list N) | Unknown (why : reason).
Definition no_memory (work : N) : memory := Memory (PositiveMap.empty _) (PositiveMap.empty _) work.
Definition all_facts : facts := repeat anything 16.
(** A state in front of all programs: a program that gives ALLOW, which leaves [so_far] as it is. *)
Definition start (ps : list (list instruction)) : state := State [Return allow] (Num 0) (Num 0) start_memory ps allow.
Definition check (depth : nat) (work : N) (p : policy) (programs : list (list N)) : answer :=
  match programs_of_bytes (p_order p) programs, decision_of_policy p with
  | Some ps, Some d =>
    match fst (solve p ps depth all_facts all_facts (simplify_decision all_facts d) (start ps) (no_memory work)) with
    | Proved => Equal
    | Differs bytes => Different bytes
    | Failed => Unknown Undecided
    | GaveUp why => Unknown why
    end
  | None, _ => Unknown Refused
  | _, None => Unknown Masked_order
  end.
