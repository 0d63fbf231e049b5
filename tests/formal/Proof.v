(** * The checker is right: what it calls equal is equal, and what it calls different is different. *)
From Coq Require Import NArith List Bool Lia FMapPositive FMapFacts.
From Callgate Require Import Spec Check.
Import ListNotations.
Open Scope N_scope.

(** ** Numbers *)

Lemma two32_pow : two32 = 2 ^ 32. Proof. reflexivity. Qed.
Lemma word_max_ones : word_max = N.ones 32. Proof. reflexivity. Qed.
Lemma word_max_two32 : two32 = word_max + 1. Proof. reflexivity. Qed.
Lemma land_word_max x : N.land x word_max = x mod two32.
Proof. rewrite word_max_ones, two32_pow. apply N.land_ones. Qed.
Lemma land_small x : x < two32 -> N.land x word_max = x.
Proof. intro. rewrite land_word_max. apply N.mod_small. assumption. Qed.
Lemma testbit_word_max n : N.testbit word_max n = (n <? 32).
Proof. rewrite word_max_ones. destruct (N.ltb_spec n 32); [apply N.ones_spec_low | apply N.ones_spec_high]; assumption. Qed.
Lemma high_bit x n : x < two32 -> 32 <= n -> N.testbit x n = false.
Proof. intros. rewrite <- (land_small x) by assumption. rewrite N.land_spec, testbit_word_max.
  destruct (N.ltb_spec n 32); [lia | apply andb_false_r]. Qed.
Lemma land_le x y : N.land x y <= x.
Proof. apply N.ldiff_le. apply N.bits_inj. intro n. rewrite N.ldiff_spec, N.land_spec, N.bits_0.
  destruct (N.testbit x n), (N.testbit y n); reflexivity. Qed.

Ltac cases_of_bits := repeat match goal with |- context [N.testbit ?x ?n] => destruct (N.testbit x n) end; try reflexivity; try discriminate.
Ltac bitwise := apply N.bits_inj; let n := fresh in intro n;
  repeat first [rewrite N.land_spec | rewrite N.lor_spec | rewrite N.lxor_spec | rewrite N.ldiff_spec | rewrite N.bits_0]; cases_of_bits.
Ltac comparisons := repeat match goal with
  | H : context [?a <=? ?b] |- _ => destruct (N.leb_spec a b)
  | H : context [?a <? ?b] |- _ => destruct (N.ltb_spec a b)
  | H : context [?a =? ?b] |- _ => destruct (N.eqb_spec a b)
  | |- context [?a <=? ?b] => destruct (N.leb_spec a b)
  | |- context [?a <? ?b] => destruct (N.ltb_spec a b)
  | |- context [?a =? ?b] => destruct (N.eqb_spec a b)
  end; cbn [andb orb negb xorb] in *.
Ltac fields := cbn [low high mask bits excluded anything].
Ltac split_bools := repeat match goal with
  | H : _ && _ = true |- _ => apply andb_true_iff in H; destruct H
  | H : (_ =? _) = true |- _ => apply N.eqb_eq in H
  | H : (_ <=? _) = true |- _ => apply N.leb_le in H
  | H : (_ <? _) = true |- _ => apply N.ltb_lt in H
  end.

(** ** Facts *)

Record has (a : fact) (x : N) : Prop := Has
  { has_low : low a <= x; has_high : x <= high a; has_bits : N.land x (mask a) = bits a;
    has_excluded : forall m v, In (m, v) (excluded a) -> N.land x m <> v }.
Definition models (f : facts) (words : nat -> N) := forall w, has (fact_of f w) (words w).

Lemma has_anything x : x < two32 -> has anything x.
Proof. intro. pose proof word_max_two32. split; fields; auto using N.land_0_r; try lia. Qed.

Lemma implied_ok x m v e : implies_excluded m v e = true -> N.land x m = v -> N.land x (fst e) = snd e.
Proof.
  destruct e as [m' v']. cbn. intros H E. split_bools. subst v.
  rewrite <- H0, <- N.land_assoc, H. reflexivity.
Qed.

Lemma decide_ok a t x b : x < two32 -> has a x -> decide a t = Some b -> holds t x = b.
Proof.
  intros S [L H B X] D. destruct t as [k | m v]; cbn [decide holds] in *.
  { comparisons; congruence || lia. }
  destruct (N.eqb_spec (low a) (high a)). { replace x with (low a) by lia. congruence. }
  destruct (N.eqb_spec (N.land v m) v) as [E|E]; cbn [negb orb] in D.
  2: { inversion D. apply N.eqb_neq. intro E'. apply E. rewrite <- E', <- N.land_assoc, N.land_diag. reflexivity. }
  destruct (N.eqb_spec (N.land (bits a) m) (N.land v (mask a))) as [E1|E1]; cbn [negb] in D.
  2: { inversion D. apply N.eqb_neq. intro E'. apply E1. rewrite <- E', <- B. bitwise. }
  destruct (N.eqb_spec (N.land m (mask a)) m) as [E2|E2].
  { inversion D. apply N.eqb_eq. rewrite <- E2, (N.land_comm m), N.land_assoc, B, E1.
    rewrite <- E, <- E2. bitwise. }
  destruct ((m =? word_max) && ((v <? low a) || (high a <? v))) eqn:E3.
  { inversion D. apply N.eqb_neq. apply andb_true_iff in E3. destruct E3 as [E3 E4]. apply N.eqb_eq in E3. subst m.
    rewrite land_small by assumption. apply orb_true_iff in E4. destruct E4; comparisons; congruence || lia. }
  destruct (existsb (implies_excluded m v) (excluded a)) eqn:E4; [| discriminate].
  inversion D. apply N.eqb_neq. apply existsb_exists in E4. destruct E4 as [[m' v'] [I J]].
  intro F. apply (X _ _ I). apply (implied_ok _ _ _ _ J F).
Qed.

Lemma tighten_ok a x : x < two32 -> has a x -> has (tighten a) x.
Proof.
  intros S [L H B X]. unfold tighten. split; fields; try assumption.
  - apply N.max_lub; [assumption |]. rewrite <- B. apply land_le.
  - apply N.min_glb; [assumption |]. rewrite <- B. apply N.ldiff_le. rewrite <- (land_small x S) at 1. bitwise.
Qed.
Lemma with_bits_ok a m v x : x < two32 -> has a x -> N.land x m = v -> has (with_bits a m v) x.
Proof.
  intros S [L H B X] E. unfold with_bits. destruct (N.eqb_spec m word_max) as [E1 | E1].
  - subst m. rewrite land_small in E by assumption. subst v. split; fields; try assumption; try lia. apply land_small. assumption.
  - apply tighten_ok; [assumption |]. split; fields; try assumption. rewrite N.land_lor_distr_r, B, E. reflexivity.
Qed.
Lemma single_bit x k : N.land x (2 ^ k) = 0 \/ N.land x (2 ^ k) = 2 ^ k.
Proof.
  destruct (N.testbit x k) eqn:T; [right | left]; apply N.bits_inj; intro n;
    rewrite N.land_spec, N.pow2_bits_eqb, ?N.bits_0; destruct (N.eqb_spec k n); subst; rewrite ?T; cases_of_bits.
Qed.
Lemma assume_ok a t x b : x < two32 -> has a x -> holds t x = b -> has (assume a t b) x.
Proof.
  intros S F T. pose proof F as [L H B X]. destruct t as [k | m v], b; cbn [holds assume] in *.
  - apply N.leb_le in T. split; fields; try assumption. lia.
  - apply N.leb_gt in T. split; fields; try assumption. lia.
  - apply N.eqb_eq in T. apply with_bits_ok; assumption.
  - apply N.eqb_neq in T. unfold is_single_bit. destruct (N.eqb_spec m (2 ^ N.log2 m)) as [E|E]; cbn [andb].
    + destruct (N.eqb_spec v 0); [| destruct (N.eqb_spec v m)].
      * apply with_bits_ok; try assumption. rewrite E in T |- *. destruct (single_bit x (N.log2 m)); congruence.
      * apply with_bits_ok; try assumption. rewrite E in *. destruct (single_bit x (N.log2 m)); congruence.
      * assert (O : forall l h, l <= x <= h -> has (Fact l h (mask a) (bits a) ((m, v) :: excluded a)) x).
        { split; fields; try lia; try assumption. intros ? ? [I | I]; [inversion I; subst; assumption | apply X; assumption]. }
        destruct ((m =? word_max) && (v =? low a)) eqn:E1; [| destruct ((m =? word_max) && (v =? high a)) eqn:E2]; apply O; split_bools; subst;
          try (rewrite E1 in T); try (rewrite E2 in T); try rewrite land_small in T by assumption; lia.
    + assert (O : forall l h, l <= x <= h -> has (Fact l h (mask a) (bits a) ((m, v) :: excluded a)) x).
      { split; fields; try lia; try assumption. intros ? ? [I | I]; [inversion I; subst; assumption | apply X; assumption]. }
      destruct ((m =? word_max) && (v =? low a)) eqn:E1; [| destruct ((m =? word_max) && (v =? high a)) eqn:E2]; apply O; split_bools; subst;
        try rewrite land_small in T by assumption; lia.
Qed.

(** ** There is no word with the facts where none is found *)

Lemma shiftr_bounds x b : N.shiftl (N.shiftr x b) b <= x < N.shiftl (N.succ (N.shiftr x b)) b.
Proof.
  rewrite !N.shiftl_mul_pow2, N.shiftr_div_pow2. assert (P : 2 ^ b <> 0) by (apply N.pow_nonzero; discriminate).
  pose proof (N.mul_div_le x _ P). pose proof (N.mul_succ_div_gt x _ P). lia.
Qed.
Lemma find_in_interval_complete a x : low a <= x <= high a -> N.land x (mask a) = bits a ->
  forall b, find_in_interval a b (N.shiftr x (N.of_nat b)) <> None.
Proof.
  intros H B. induction b as [| b IH].
  - cbn [find_in_interval N.of_nat]. rewrite !N.shiftr_0_r, !N.shiftl_0_r.
    destruct (N.ltb_spec (high a) x); [lia |]. destruct (N.leb_spec (N.succ x) (low a)); [lia |].
    rewrite B, N.eqb_refl. discriminate.
  - cbn [find_in_interval]. pose proof (shiftr_bounds x (N.of_nat (S b))) as R.
    destruct (N.ltb_spec (high a) (N.shiftl (N.shiftr x (N.of_nat (S b))) (N.of_nat (S b)))); [lia |].
    destruct (N.leb_spec (N.shiftl (N.succ (N.shiftr x (N.of_nat (S b)))) (N.of_nat (S b))) (low a)); [lia |].
    rewrite <- N.shiftr_land, B, N.eqb_refl. cbn [orb negb].
    replace (N.shiftr x (N.of_nat (S b))) with (N.div2 (N.shiftr x (N.of_nat b))).
    2: { rewrite Nnat.Nat2N.inj_succ, N.shiftr_succ_r. reflexivity. }
    destruct (find_in_interval a b (N.double _)) eqn:E; [discriminate |].
    pose proof (N.div2_odd (N.shiftr x (N.of_nat b))) as O. destruct (N.odd (N.shiftr x (N.of_nat b))); cbn [N.b2n] in O.
    + replace (N.succ_double _) with (N.shiftr x (N.of_nat b)); [assumption |]. rewrite N.succ_double_spec. assumption.
    + replace (N.double _) with (N.shiftr x (N.of_nat b)) in E; [contradiction |]. rewrite N.double_spec. lia.
Qed.
Lemma find_complete x : x < two32 -> forall depth a, has a x -> find depth a <> None.
Proof.
  intros S. assert (Z : N.shiftr x (N.of_nat 32) = 0).
  { rewrite N.shiftr_div_pow2. apply N.div_small. assumption. }
  assert (Step : forall depth a, has a x -> (forall a, has a x -> match depth with O => True | S d => find d a <> None end) -> find depth a <> None).
  { intros depth a F IH. pose proof F as [L H B X].
    assert (exists y, (if (low a <=? high a) && (N.land (low a) (mask a) =? bits a) then Some (low a) else find_in_interval a 32 0) = Some y) as [y Y].
    { destruct ((low a <=? high a) && (N.land (low a) (mask a) =? bits a)); [eauto |].
      pose proof (find_in_interval_complete a x (conj L H) B 32) as C. rewrite Z in C. destruct (find_in_interval a 32 0); [eauto | congruence]. }
    destruct depth as [| depth]; cbn [find]; cbv zeta; rewrite Y; destruct (List.find _ (excluded a)) as [[m v] |] eqn:E; try discriminate.
    apply List.find_some in E. destruct E as [I E].
    destruct (N.eqb_spec (N.ldiff m (mask a)) 0) as [D | D].
    - destruct (N.eqb_spec (N.land (bits a) m) v) as [V | V]; [| discriminate].
      exfalso. apply (X m v I). rewrite <- V, <- B. apply N.bits_inj. intro n.
      pose proof (f_equal (fun z => N.testbit z n) D) as T. cbv beta in T. rewrite N.ldiff_spec, N.bits_0 in T.
      rewrite !N.land_spec. clear - T. destruct (N.testbit x n), (N.testbit m n), (N.testbit (mask a) n); cbn [andb negb] in *; congruence.
    - set (bit := 2 ^ N.log2 (N.ldiff m (mask a))).
      destruct (find depth (with_bits a bit (N.lxor bit (N.land v bit)))) eqn:E1; [discriminate |].
      destruct (single_bit v (N.log2 (N.ldiff m (mask a)))) as [V | V]; fold bit in V; rewrite V in *;
        destruct (single_bit x (N.log2 (N.ldiff m (mask a)))) as [W | W]; fold bit in W.
      + apply IH. apply with_bits_ok; assumption.
      + exfalso. apply (IH (with_bits a bit bit)); [apply with_bits_ok; assumption |]. rewrite N.lxor_0_r in E1. assumption.
      + exfalso. apply (IH (with_bits a bit 0)); [apply with_bits_ok; assumption |]. rewrite N.lxor_nilpotent in E1. assumption.
      + apply IH. apply with_bits_ok; assumption. }
  induction depth as [| depth IH]; intros a F; apply Step; auto.
Qed.
Lemma is_empty_ok a x : x < two32 -> has a x -> is_empty a = false.
Proof.
  intros S F. unfold is_empty, find_word. pose proof (find_complete x S 33 a F) as C. destruct F as [L H _ _].
  destruct (N.ltb_spec (high a) (low a)); [lia |]. destruct (find 33 a); [reflexivity | congruence].
Qed.

(** ** Words and arguments *)

Definition words_valid (words : nat -> N) := forall w, words w < two32.
Lemma word_of_bytes_lt order a b c d : a < 256 -> b < 256 -> c < 256 -> d < 256 -> word_of_bytes order a b c d < two32.
Proof. unfold word_of_bytes, two32. destruct order; lia. Qed.
Lemma word_valid order i : valid i -> words_valid (word order i).
Proof. intros V w. apply word_of_bytes_lt; apply V. Qed.
Lemma argument_words order i n : argument order i n = word order i (low_word order n) + two32 * word order i (high_word order n).
Proof.
  unfold argument, word, low_word, high_word.
  destruct order; (replace (4 * (4 + 2 * n + 0))%nat with (16 + 8 * n + 0)%nat by lia);
    (replace (4 * (4 + 2 * n + 1))%nat with (16 + 8 * n + 4)%nat by lia); rewrite <- !PeanoNat.Nat.add_assoc; reflexivity.
Qed.

Lemma halves_div l h : l < two32 -> (l + two32 * h) / two32 = h.
Proof. intro. rewrite N.mul_comm, N.div_add by discriminate. rewrite N.div_small by assumption. reflexivity. Qed.
Lemma halves_mod l h : l < two32 -> (l + two32 * h) mod two32 = l.
Proof. intro. rewrite N.mul_comm, N.mod_add by discriminate. apply N.mod_small. assumption. Qed.
Lemma land_div x m : N.land x m / two32 = N.land (x / two32) (m / two32).
Proof. rewrite two32_pow, <- !N.shiftr_div_pow2. apply N.shiftr_land. Qed.
Lemma land_mod x m : N.land x m mod two32 = N.land (x mod two32) (m mod two32).
Proof. rewrite <- !land_word_max. bitwise. Qed.
Lemma eqb_halves q v : (q =? v) = (q / two32 =? v / two32) && (q mod two32 =? v mod two32).
Proof.
  pose proof (N.div_mod' q two32) as Q. pose proof (N.div_mod' v two32) as V.
  destruct (N.eqb_spec q v) as [E | E]; [subst; rewrite !N.eqb_refl; reflexivity |].
  destruct (N.eqb_spec (q / two32) (v / two32)), (N.eqb_spec (q mod two32) (v mod two32)); cbn [andb]; congruence.
Qed.
Lemma land_low x m : m < two32 -> N.land x m = N.land (x mod two32) m.
Proof. intro S. rewrite <- (land_small m S) at 1. rewrite <- land_word_max. bitwise. Qed.
Lemma least_halves l h k : l < two32 ->
  (k <=? l + two32 * h) = (k / two32 + 1 <=? h) || ((k / two32 <=? h) && (k mod two32 <=? l)).
Proof.
  intro S. pose proof (N.div_mod' k two32) as Q. pose proof (N.mod_lt k two32 ltac:(discriminate)) as M.
  generalize dependent (k / two32). generalize dependent (k mod two32). unfold two32 in *. intros. comparisons; try reflexivity; lia.
Qed.

(** ** Formulas and decisions *)

Fixpoint denote (words : nat -> N) (g : formula) : bool :=
  match g with
  | Const b => b
  | Test w t => holds t (words w)
  | Not g => negb (denote words g)
  | Both g h => denote words g && denote words h
  | Either g h => denote words g || denote words h
  end.
Fixpoint decide_list (words : nat -> N) (l : list (formula * N)) (last : N) : N :=
  match l with [] => last | (g, action) :: l => if denote words g then action else decide_list words l last end.
Definition meaning words d := decide_list words (guarded d) (otherwise d).

Lemma negation_ok words g : denote words (negation g) = negb (denote words g).
Proof. destruct g; reflexivity. Qed.
Lemma conjunction_ok words g h : denote words (conjunction g h) = denote words g && denote words h.
Proof. destruct g as [[] | | | |], h as [[] | | | |]; cbn [conjunction denote]; rewrite ?andb_true_r, ?andb_false_r; reflexivity. Qed.
Lemma disjunction_ok words g h : denote words (disjunction g h) = denote words g || denote words h.
Proof. destruct g as [[] | | | |], h as [[] | | | |]; cbn [disjunction denote]; rewrite ?orb_true_r, ?orb_false_r; reflexivity. Qed.
Lemma simplify_ok f words g : words_valid words -> models f words -> denote words (simplify f g) = denote words g.
Proof.
  intros V F. induction g as [b | w t | g IH | g IHg h IHh | g IHg h IHh]; cbn [simplify].
  - reflexivity.
  - destruct (decide (fact_of f w) t) eqn:D; [| reflexivity]. symmetry. apply (decide_ok _ _ _ _ (V w) (F w) D).
  - rewrite negation_ok, IH. reflexivity.
  - destruct (simplify f g) as [[] | | | |] eqn:E; rewrite ?conjunction_ok, ?IHh; cbn [denote] in *; rewrite <- IHg; reflexivity.
  - destruct (simplify f g) as [[] | | | |] eqn:E; rewrite ?disjunction_ok, ?IHh; cbn [denote] in *; rewrite <- IHg; reflexivity.
Qed.
Lemma before_ok words g action d : meaning words (before g action d) = if denote words g then action else meaning words d.
Proof.
  unfold before, meaning. destruct d as [[| c l] last]; cbn [guarded otherwise decide_list]; [| reflexivity].
  destruct (N.eqb_spec action last); cbn [guarded otherwise decide_list]; [subst; destruct (denote words g) |]; reflexivity.
Qed.
Lemma simplify_list_ok f words l last : words_valid words -> models f words ->
  meaning words (simplify_list f l last) = decide_list words l last.
Proof.
  intros V F. induction l as [| [g action] l IH]; cbn [simplify_list decide_list]; [reflexivity |].
  rewrite <- (simplify_ok f words g V F). destruct (simplify f g) as [[] | | | |]; rewrite ?before_ok, ?IH; reflexivity.
Qed.
Lemma simplify_decision_ok f words d : words_valid words -> models f words -> meaning words (simplify_decision f d) = meaning words d.
Proof. apply simplify_list_ok. Qed.

(** ** The policy as a decision *)

Section Policy.
Variables (p : policy) (i : input).
Hypothesis V : valid i.
Notation order := (p_order p).
Notation words := (word order i).

Lemma condition_ok wide c g : formula_of_condition order wide c = Some g -> denote words g = condition_holds order wide i c.
Proof.
  unfold formula_of_condition, condition_holds. rewrite argument_words.
  pose proof (word_valid order i V (low_word order (c_argument c))) as L.
  pose proof (word_valid order i V (high_word order (c_argument c))) as H.
  set (m := N.land (word_mask wide) (c_mask c)).
  assert (E : denote words (if m <? two32 then Test (low_word order (c_argument c)) (Match m (c_value c))
                            else match64 order (c_argument c) m (c_value c))
              = (N.land (words (low_word order (c_argument c)) + two32 * words (high_word order (c_argument c))) m =? c_value c)).
  { destruct (N.ltb_spec m two32) as [M | M]; unfold match64; cbn [denote holds].
    - rewrite (land_low (_ + _) m M), halves_mod by assumption. reflexivity.
    - rewrite (eqb_halves (N.land _ m)), land_div, land_mod, halves_div, halves_mod by assumption. reflexivity. }
  assert (R : forall k g', (if m =? word_mask true then Some (least64 order (c_argument c) k)
                            else if m =? word_max then Some (Test (low_word order (c_argument c)) (Least k)) else None) = Some g' ->
              denote words g' = (k <=? N.land (words (low_word order (c_argument c)) + two32 * words (high_word order (c_argument c))) m)).
  { intros k g'. destruct (N.eqb_spec m (word_mask true)) as [M | M]; [| destruct (N.eqb_spec m word_max) as [M' | M']; [| discriminate]];
      intro G; inversion G; unfold least64; cbn [denote holds].
    - rewrite M. change (word_mask true) with (N.ones 64). rewrite N.land_ones, (N.mod_small (_ + _)).
      + symmetry. apply least_halves. assumption.
      + change (2 ^ 64) with (two32 * two32). unfold two32 in *. lia.
    - rewrite M', land_word_max, halves_mod by assumption. reflexivity. }
  clearbody m. revert E R. generalize (N.land (words (low_word order (c_argument c)) + two32 * words (high_word order (c_argument c))) m).
  generalize (if m <? two32 then Test (low_word order (c_argument c)) (Match m (c_value c)) else match64 order (c_argument c) m (c_value c)).
  intros equal x E R. cbv zeta.
  destruct (c_operator c); intro G;
    try (destruct (if m =? word_mask true then _ else _) as [least |] eqn:Z in G; [| discriminate]; specialize (R _ _ Z));
    cbn [option_map] in G; inversion G; subst; cbn [denote]; rewrite ?E, ?R; try reflexivity; clear; comparisons; reflexivity || lia.
Qed.
Lemma conditions_ok wide cs g : formula_of_conditions order wide cs = Some g ->
  denote words g = forallb (condition_holds order wide i) cs.
Proof.
  revert g. induction cs as [| c cs IH]; cbn [formula_of_conditions forallb]; intros g; [intro E; inversion E; reflexivity |].
  destruct (formula_of_condition order wide c) eqn:C; [| discriminate]. destruct (formula_of_conditions order wide cs) eqn:D; [| discriminate].
  intro E. inversion E. cbn [denote]. rewrite (condition_ok _ _ _ C), (IH _ eq_refl). reflexivity.
Qed.

Lemma equals_ok w k : denote words (Test w (equals k)) = (words w =? k).
Proof. cbn [denote equals holds]. rewrite land_small by apply (word_valid order i V). reflexivity. Qed.
Lemma arch_is_ok a : denote words (arch_is a) = is_audit p i a.
Proof. apply equals_ok. Qed.
Lemma nr_is_ok k : denote words (nr_is k) = (number order i =? k).
Proof. apply equals_ok. Qed.
Lemma nr_between_ok first last : denote words (nr_between first last) = (first <=? number order i) && (number order i <=? last).
Proof. unfold nr_between, number. cbn [denote holds]. comparisons; reflexivity || lia. Qed.
Lemma covered_by_any_ok l : denote words (covered_by_any l) = existsb (covers p i) l.
Proof.
  induction l as [| a l IH]; cbn [covered_by_any existsb]; [reflexivity |]. unfold covered, covers.
  cbn [denote]. rewrite IH, arch_is_ok, nr_is_ok, nr_between_ok. reflexivity.
Qed.

Lemma decide_list_app l1 l2 last : decide_list words (l1 ++ l2) last = decide_list words l1 (decide_list words l2 last).
Proof. induction l1 as [| [g action] l1 IH]; cbn; [reflexivity |]. rewrite IH. reflexivity. Qed.
Definition first_action (l : list (bool * rule)) (last : N) : N :=
  match List.find (rule_matches order i) l with Some r => r_action (snd r) | None => last end.
Lemma first_action_app l1 l2 last : first_action (l1 ++ l2) last = first_action l1 (first_action l2 last).
Proof. unfold first_action. induction l1 as [| r l1 IH]; cbn; [reflexivity |]. destruct (rule_matches order i r); [reflexivity | apply IH]. Qed.

Notation of_call a s := (if is_audit p i a && (number order i =? s_number s) then map (pair (a_wide a)) (s_rules s) else []).
Lemma rules_of_ok a s rules l last : rules_of order a s rules = Some l ->
  decide_list words l last
  = first_action (if is_audit p i a && (number order i =? s_number s) then map (pair (a_wide a)) rules else []) last.
Proof.
  revert l. induction rules as [| r rules IH]; cbn [rules_of]; intros l.
  - intro E. inversion E. destruct (_ && _); reflexivity.
  - destruct (formula_of_conditions order (a_wide a) (r_conditions r)) as [g |] eqn:C; [| discriminate].
    destruct (rules_of order a s rules) as [l' |]; [| discriminate]. intro E. inversion E. specialize (IH _ eq_refl).
    cbn [decide_list denote]. rewrite arch_is_ok, nr_is_ok, (conditions_ok _ _ _ C), IH. clear.
    destruct (is_audit p i a && (number order i =? s_number s)); cbn [map andb]; [| reflexivity].
    unfold first_action. cbn [List.find]. unfold rule_matches at 2. cbn [fst snd].
    destruct (forallb _ _); reflexivity.
Qed.
Lemma concat_options_ok {T} (make : T -> option (list (formula * N))) (rules : T -> list (bool * rule)) :
  (forall t l last, make t = Some l -> decide_list words l last = first_action (rules t) last) ->
  forall ts l last, concat_options make ts = Some l -> decide_list words l last = first_action (flat_map rules ts) last.
Proof.
  intros M ts. induction ts as [| t ts IH]; cbn [concat_options flat_map]; intros l last; [intro E; inversion E; reflexivity |].
  destruct (make t) eqn:A; [| discriminate]. destruct (concat_options make ts); [| discriminate]. intro E. inversion E.
  rewrite decide_list_app, first_action_app, (M _ _ _ A), (IH _ _ eq_refl). reflexivity.
Qed.

Definition if_any {T} (l : list T) (some none : N) : N := match l with [] => none | _ => some end.
Lemma if_any_app {T} (l1 l2 : list T) some none : if_any (l1 ++ l2) some none = if_any l1 some (if_any l2 some none).
Proof. destruct l1; reflexivity. Qed.
Lemma flat_map_ok {T} (make : T -> list (formula * N)) (rules : T -> list (bool * rule)) some :
  (forall t none, decide_list words (make t) none = if_any (rules t) some none) ->
  forall ts none, decide_list words (flat_map make ts) none = if_any (flat_map rules ts) some none.
Proof.
  intros M ts. induction ts as [| t ts IH]; intros none; cbn [flat_map]; [reflexivity |].
  rewrite decide_list_app, if_any_app, M, IH. reflexivity.
Qed.
Lemma named_call_ok a s none :
  decide_list words (map (fun _ => (Both (arch_is a) (nr_is (s_number s)), p_default p)) (s_rules s)) none = if_any (of_call a s) (p_default p) none.
Proof.
  induction (s_rules s) as [| r rules IH]; cbn [map decide_list].
  - destruct (_ && _); reflexivity.
  - cbn [denote]. rewrite IH, arch_is_ok, nr_is_ok. destruct (is_audit p i a && (number order i =? s_number s)); reflexivity.
Qed.
Lemma unknown_ok l last : decide_list words (flat_map unknown_calls l) last
  = match List.find (is_unknown p i) l with
    | Some a => match a_unknown a with Some (_, action) => action | None => last end | None => last end.
Proof.
  induction l as [| a l IH]; cbn [flat_map List.find]; [reflexivity |]. rewrite decide_list_app, IH. unfold is_unknown at 2, unknown_calls.
  destruct (a_unknown a) as [[first action] |] eqn:U; cbn [decide_list denote].
  - rewrite arch_is_ok, nr_between_ok, nr_is_ok, andb_assoc. destruct (_ && _ && _ && _); [rewrite U |]; reflexivity.
  - reflexivity.
Qed.

Theorem decision_of_policy_ok d : decision_of_policy p = Some d -> meaning words d = eval p i.
Proof.
  unfold decision_of_policy. destruct (concat_options _ _) as [rules |] eqn:R; [| discriminate]. intro E. inversion E. clear E.
  unfold meaning, eval. cbn [guarded otherwise decide_list denote]. rewrite covered_by_any_ok.
  destruct (negb _); [reflexivity |]. rewrite !decide_list_app.
  rewrite (concat_options_ok _ (fun a => flat_map (fun s => of_call a s) (a_calls a))) with (2 := R).
  2: { intros a l last. apply concat_options_ok. intros s l' last'. apply rules_of_ok. }
  rewrite (flat_map_ok (named p) (fun a => flat_map (fun s => of_call a s) (a_calls a)) (p_default p)).
  2: { intros a none. apply flat_map_ok. intros s none'. apply named_call_ok. }
  rewrite unknown_ok. fold (rules_of_call p i). unfold first_action, if_any.
  destruct (List.find (rule_matches order i) (rules_of_call p i)); [reflexivity |].
  destruct (rules_of_call p i); [| reflexivity]. destruct (List.find (is_unknown p i) _); reflexivity.
Qed.
End Policy.

(** ** Symbolic execution *)

Definition value_of (words : nat -> N) (v : value) : N :=
  match v with Num k => k | Of w ops => fold_left (fun x op => compute (fst op) x (snd op)) ops (words w) end.
Lemma compute_lt o a b : compute o a b < two32.
Proof. apply N.mod_lt. discriminate. Qed.
Lemma fold_lt ops x : x < two32 -> fold_left (fun x op => compute (fst op) x (snd op)) ops x < two32.
Proof. revert x. induction ops as [| op ops IH]; cbn [fold_left]; auto using compute_lt. Qed.
Lemma compute_and x k : x < two32 -> compute And x k = N.land x k.
Proof. intro S. unfold compute. apply N.mod_small. pose proof (land_le x k). lia. Qed.

Section Facts.
Variables (f : facts) (words : nat -> N).
Hypotheses (V : words_valid words) (F : models f words).
Notation val := (value_of words).

Lemma point_of_ok v k : point_of f v = Some k -> val v = k.
Proof.
  destruct v as [a | w ops]; cbn [point_of value_of]; [congruence |]. destruct (F w) as [L H _ _].
  destruct (N.eqb_spec (low (fact_of f w)) (high (fact_of f w))); [| discriminate]. intro E. inversion E. f_equal. lia.
Qed.
Lemma operate_ok o v k : val (operate o v k) = compute o (val v) k.
Proof.
  assert (App : forall w ops, val (Of w (ops ++ [(o, k)])) = compute o (val (Of w ops)) k).
  { intros. cbn [value_of]. rewrite fold_left_app. reflexivity. }
  destruct v as [a | w [| [o' m] [| op ops]]]; cbn [operate]; try reflexivity; try apply App.
  - destruct o'; try apply (App w [(_, m)]). destruct o; try apply (App w [(And, m)]).
    cbn [value_of fold_left fst snd]. unfold compute. rewrite <- !land_word_max. bitwise.
  - destruct o'; apply App.
Qed.
Lemma test_of_branch_ok c k x t negated : x < two32 -> test_of_branch c k = (t, negated) -> compare c x k = xorb negated (holds t x).
Proof.
  intros S E. destruct c; inversion E; subst; cbn [compare holds equals xorb].
  - rewrite land_small by assumption. destruct (x =? k); reflexivity.
  - comparisons; reflexivity || lia.
  - destruct (k <=? x); reflexivity.
  - destruct (N.land x k =? 0); reflexivity.
Qed.
Lemma shifted_ok a k x t t' : x < two32 -> has a x -> shifted a k t = Some (inl t') -> holds t (compute Add x k) = holds t' x.
Proof.
  intros S H. unfold shifted, compute. destruct (N.ltb_spec k two32) as [Kl | Kl]; cbn [negb]; [| discriminate].
  assert (Cases : x + k < two32 /\ (x + k) mod two32 = x + k \/ two32 <= x + k /\ (x + k) mod two32 = x + k - two32).
  { destruct (N.lt_ge_cases (x + k) two32); [left | right]; split; try assumption; [apply N.mod_small; assumption |].
    replace (x + k) with (x + k - two32 + 1 * two32) at 1 by lia. rewrite N.mod_add by discriminate. apply N.mod_small. lia. }
  destruct t as [v | m v].
  - destruct (decide a (Least (two32 - k))) as [b |] eqn:D; [| discriminate]. apply (decide_ok _ _ _ _ S H) in D. cbn [holds] in D.
    destruct b; intro E; inversion E; cbn [holds]; comparisons; try reflexivity; try discriminate; lia.
  - destruct (N.eqb_spec m word_max) as [M | M]; cbn [andb]; [| discriminate]. destruct (N.ltb_spec v two32) as [Vl | Vl]; [| discriminate].
    intro E. inversion E. unfold equals. cbn [holds]. rewrite M, !land_small by (assumption || apply N.mod_lt; discriminate).
    assert (Back : v + two32 - k < two32 /\ (v + two32 - k) mod two32 = v + two32 - k
                   \/ two32 <= v + two32 - k /\ (v + two32 - k) mod two32 = v - k).
    { destruct (N.lt_ge_cases (v + two32 - k) two32); [left | right]; split; try assumption; [apply N.mod_small; assumption |].
      replace (v + two32 - k) with (v - k + 1 * two32) by lia. rewrite N.mod_add by discriminate. apply N.mod_small. lia. }
    generalize dependent ((x + k) mod two32). generalize dependent ((v + two32 - k) mod two32). intros. comparisons; try reflexivity; lia.
Qed.
Lemma test_of_word_ok w ops t t' : test_of_word (fact_of f w) ops t = Some (inl t') -> holds t (val (Of w ops)) = holds t' (words w).
Proof.
  destruct ops as [| [o m] [| op ops]]; cbn [test_of_word].
  - intro E. inversion E. reflexivity.
  - destruct o; try discriminate; cbn [value_of fold_left fst snd].
    + apply shifted_ok; [apply V | apply F].
    + destruct (N.leb_spec m two32); [| discriminate]. intro E. rewrite <- (shifted_ok _ _ _ _ _ (V w) (F w) E).
      f_equal. unfold compute. f_equal. lia.
    + destruct t as [| m' v]; [discriminate |]. intro E. inversion E. cbn [holds]. rewrite compute_and by apply V. rewrite N.land_assoc. reflexivity.
  - destruct o; discriminate.
Qed.
Lemma decide_branch_ok c v k b : decide_branch f c v k = inl b -> compare c (val v) k = b.
Proof.
  unfold decide_branch. destruct (point_of f v) as [a |] eqn:P.
  - rewrite (point_of_ok _ _ P). congruence.
  - destruct v as [a | w ops]; [cbn [value_of]; congruence |]. destruct (test_of_branch c k) as [t negated] eqn:T.
    destruct (test_of_word (fact_of f w) ops t) as [[t' | t'] |] eqn:T'; [| discriminate | destruct (hint f _); discriminate].
    destruct (decide (fact_of f w) t') eqn:D; [| discriminate]. intro E. inversion E.
    rewrite (test_of_branch_ok _ _ (val (Of w ops)) _ _ (fold_lt ops (words w) (V w)) T), (test_of_word_ok _ _ _ _ T').
    rewrite (decide_ok _ _ _ _ (V w) (F w) D). reflexivity.
Qed.

Lemma nth_val j m : nth j (map val m) 0 = val (nth j m (Num 0)).
Proof. exact (map_nth val m (Num 0) j). Qed.
Lemma set_nth_val j v m : map val (set_nth j v m) = set_nth j (val v) (map val m).
Proof. revert j. induction m as [| u m IH]; intros [| j]; cbn; rewrite ?IH; reflexivity. Qed.

Lemma walk_ok p : forall skip a x m,
  match walk f p skip a x m with
  | Returned answer => run words p skip (val a) (val x) (map val m) = Some answer
  | Waiting p' a' x' m' _ _ => run words p skip (val a) (val x) (map val m) = run words p' 0 (val a') (val x') (map val m')
  | Stuck => True
  end.
Proof.
  induction p as [| c p IH]; intros skip a x m; cbn [walk]; [exact I |].
  destruct (negb (skip =? 0)) eqn:S. { cbn [run]. rewrite S. apply IH. }
  assert (Same : run words (c :: p) skip (val a) (val x) (map val m) = run words (c :: p) 0 (val a) (val x) (map val m)).
  { cbn [run]. rewrite S. reflexivity. }
  assert (Ask : forall v, match (let (w, t) := hint f v in Waiting (c :: p) a x m w t) with
    | Returned answer => run words (c :: p) skip (val a) (val x) (map val m) = Some answer
    | Waiting p' a' x' m' _ _ => run words (c :: p) skip (val a) (val x) (map val m) = run words p' 0 (val a') (val x') (map val m')
    | Stuck => True end).
  { intro v. destruct (hint f v). assumption. }
  assert (Operand : forall b k, match b with K k => Some k | X => point_of f x end = Some k -> match b with K k => k | X => val x end = k).
  { intros [k' | ] k E; [congruence | apply point_of_ok; assumption]. }
  destruct c; cbv zeta.
  1-9: cbn [run]; rewrite S; rewrite ?nth_val, <- ?set_nth_val; apply IH.
  - destruct (match b with K k => Some k | X => point_of f x end) as [k |] eqn:B; [| apply Ask]. cbn [run]. rewrite S, (Operand _ _ B).
    destruct (divides_by_zero o k); [reflexivity |]. rewrite <- operate_ok. apply IH.
  - destruct (point_of f a) as [k |] eqn:A; [| apply Ask]. cbn [run]. rewrite S, (point_of_ok _ _ A). apply (IH 0 (Num _)).
  - cbn [run]. rewrite S. apply IH.
  - destruct (match b with K k => Some k | X => point_of f x end) as [k |] eqn:B; [| apply Ask].
    destruct (decide_branch f c a k) as [taken | [w t]] eqn:D; [| assumption]. cbn [run]. rewrite S, (Operand _ _ B), (decide_branch_ok _ _ _ _ D).
    apply IH.
  - cbn [run]. rewrite S. reflexivity.
  - destruct (point_of f a) as [k |] eqn:A; [| apply Ask]. cbn [run]. rewrite S, (point_of_ok _ _ A). reflexivity.
Qed.
End Facts.

Definition finish (words : nat -> N) (s : state) : option N :=
  match run words (s_program s) 0 (value_of words (s_a s)) (value_of words (s_x s)) (map (value_of words) (s_memory s)) with
  | Some answer => run_stack words (s_later s) (stricter (s_so_far s) answer)
  | None => None
  end.
Lemma run_later_ok f words later : words_valid words -> models f words -> forall so_far,
  match run_later f later so_far with
  | Finished answer => run_stack words later so_far = Some answer
  | Paused s _ _ => run_stack words later so_far = finish words s
  | Lost => True
  end.
Proof.
  intros V F. induction later as [| p later IH]; intros so_far; cbn [run_later run_stack]; [reflexivity |].
  pose proof (walk_ok f words V F p 0 (Num 0) (Num 0) start_memory) as W.
  unfold run_program. change (repeat 0 memory_size) with (map (value_of words) start_memory). cbn [value_of] in W.
  destruct (walk f p 0 (Num 0) (Num 0) start_memory) as [answer | p' a x m w t |]; [rewrite W; apply IH | | exact I].
  unfold finish. cbn [s_program s_a s_x s_memory s_later s_so_far]. rewrite W. reflexivity.
Qed.
Lemma advance_ok f words s : words_valid words -> models f words ->
  match advance f s with
  | Finished answer => finish words s = Some answer
  | Paused s' _ _ => finish words s = finish words s'
  | Lost => True
  end.
Proof.
  intros V F. unfold advance. pose proof (walk_ok f words V F (s_program s) 0 (s_a s) (s_x s) (s_memory s)) as W.
  destruct (walk f (s_program s) 0 (s_a s) (s_x s) (s_memory s)) as [answer | p a x m w t |]; [| | exact I].
  - pose proof (run_later_ok f words (s_later s) V F (stricter (s_so_far s) answer)) as R. unfold finish at 1. rewrite W.
    destruct (run_later f (s_later s) (stricter (s_so_far s) answer)); [assumption | | exact I].
    unfold finish at 1. rewrite W. assumption.
  - unfold finish. cbn [s_program s_a s_x s_memory s_later s_so_far]. rewrite W. reflexivity.
Qed.

(** ** Shared states *)

Lemma is_weaker_ok a b x : is_weaker a b = true -> has a x -> has b x.
Proof.
  unfold is_weaker. intros W [L H B X]. rewrite !andb_true_iff, !N.leb_le, !N.eqb_eq, forallb_forall in W.
  destruct W as [[[[Low High] Mask] Bits] Out]. split; [lia | lia | |].
  - rewrite <- Bits, <- B, <- Mask at 1. bitwise.
  - intros m v I. apply Out, existsb_exists in I. destruct I as [[m' v'] [I E]]. cbn [fst snd] in E. split_bools. subst. apply X. assumption.
Qed.
Lemma are_weaker_ok f g words : are_weaker f g = true -> models f words -> models g words.
Proof.
  intros W F w. specialize (F w). generalize dependent w. generalize words. clear words. revert g W.
  induction f as [| a f IH]; intros [| b g] W words w F; try discriminate; [assumption |]. cbn in W. split_bools.
  destruct w as [| w]; [apply (is_weaker_ok a); assumption |]. exact (IH g H0 (fun n => words (S n)) w F).
Qed.

Definition true_claim (c : claim) : Prop := forall words, words_valid words -> models (c_facts c) words ->
  finish words (c_state c) = Some (meaning words (c_decision c)).
Definition good (t : table) : Prop := forall key l c, PositiveMap.find key t = Some l -> In c l -> true_claim c.

Lemma lookup_ok t c : good t -> lookup t c = true -> true_claim c.
Proof.
  unfold lookup. intros G L. destruct (PositiveMap.find (hash c) t) as [l |] eqn:E; [| discriminate].
  apply existsb_exists in L. destruct L as [d [I L]]. destruct (claim_eq_dec c d); [| discriminate]. subst. apply (G _ _ _ E I).
Qed.
Lemma insert_ok t c : good t -> true_claim c -> good (insert t c).
Proof.
  unfold insert. intros G T key l d E I. destruct (Pos.eq_dec key (hash c)) as [-> | Ne].
  - rewrite PositiveMap.gss in E. inversion E. subst l. destruct I as [<- | I]; [assumption |].
    destruct (PositiveMap.find (hash c) t) as [l |] eqn:E'; [apply (G _ _ _ E' I) | destruct I].
  - rewrite PositiveMap.gso in E by assumption. apply (G _ _ _ E I).
Qed.

(** ** The search *)

Section Search.
Variables (p : policy) (ps : list (list instruction)).

Definition right (r : result * memory) (P : Prop) : Prop :=
  good (proved (snd r)) /\ (fst r = Proved -> P) /\ (forall bytes, fst r = Differs bytes -> is_difference p ps bytes = true).
Definition correct (go : search) : Prop := forall f exact d s m, good (proved m) -> right (go f exact d s m) (true_claim (Claim f s d)).
Lemma right_implies r (P Q : Prop) : (P -> Q) -> right r P -> right r Q.
Proof. intros I [G [A D]]. repeat split; auto. Qed.
Lemma right_other m P r : good (proved m) -> r <> Proved -> (forall bytes, r <> Differs bytes) -> right (r, m) P.
Proof. intros G A D. repeat split; cbn; auto; [contradiction | intros; exfalso; eapply D; eassumption]. Qed.

Lemma assume_word_models f words w t b : words_valid words -> models f words -> holds t (words w) = b -> models (assume_word f w t b) words.
Proof.
  intros V F T w'. unfold assume_word, fact_of. destruct (PeanoNat.Nat.eq_dec w w') as [<- | Ne].
  - pose proof (assume_ok _ _ _ _ (V w) (F w) T) as A. specialize (F w). unfold fact_of in *.
    clear - F A. revert F A. generalize (assume (nth w f anything) t b). generalize (words w). intros x c.
    revert w. induction f as [| a f IH]; intros [| w] F A; cbn in *; auto.
  - specialize (F w'). unfold fact_of in F. replace (nth w' (set_nth w _ f) anything) with (nth w' f anything); [assumption |].
    clear - Ne. generalize (assume (nth w f anything) t b). intro c. revert w w' Ne. induction f as [| a f IH]; intros [| w] [| w'] Ne; cbn; congruence || auto.
Qed.

Lemma half_ok go f exact d s w t b m : correct go -> good (proved m) ->
  right (half go f exact d s w t b m)
        (forall words, words_valid words -> models f words -> holds t (words w) = b -> finish words s = Some (meaning words d)).
Proof.
  intros C G. unfold half. destruct (is_empty (assume (fact_of f w) t b)) eqn:E.
  - repeat split; cbn; [assumption | | discriminate]. intros _ words V F T. exfalso.
    rewrite (is_empty_ok _ (words w) (V w)) in E; [discriminate |]. apply assume_ok; auto.
  - refine (right_implies _ _ _ _ (C _ _ _ _ _ G)). intros T words V F H.
    pose proof (assume_word_models _ _ _ _ _ V F H) as F'. specialize (T words V F'). cbn [c_state c_decision] in T.
    rewrite simplify_decision_ok in T by assumption. assumption.
Qed.
Lemma split_ok go w t : correct go -> correct (split go w t).
Proof.
  intros C f exact d s m G. unfold split. pose proof (half_ok go f exact d s w t true m C G) as [G1 [A1 D1]].
  destruct (half go f exact d s w t true m) as [r m1]. cbn [fst snd] in *.
  destruct r; try (apply right_other; [assumption | discriminate | discriminate]).
  - refine (right_implies _ _ _ _ (half_ok go f exact d s w t false m1 C G1)).
    intros A2 words V F. cbn [c_facts c_state c_decision] in *. destruct (holds t (words w)) eqn:T; auto.
  - repeat split; cbn; [assumption | discriminate | assumption].
Qed.
Lemma shared_ok go : correct go -> correct (shared go).
Proof.
  intros C f exact d s m G. unfold shared. destruct (lookup (proved m) (Claim f s d)) eqn:L.
  { repeat split; cbn; [assumption | intros _; apply (lookup_ok _ _ G L) | discriminate]. }
  destruct (lookup (failed m) (Claim f s d)). { apply right_other; [assumption | discriminate | discriminate]. }
  pose proof (C f exact d s m G) as [G1 [A D]]. destruct (go f exact d s m) as [r m1]. cbn [fst snd] in *.
  destruct r; repeat split; cbn; auto; try discriminate. apply insert_ok; auto.
Qed.
Lemma reduced_ok go w : correct go -> correct (reduced go w).
Proof.
  intros C f exact d s m G. unfold reduced. destruct (Nat.ltb w 4); [apply C; assumption |].
  destruct (are_weaker f (reduce_all s d f)) eqn:W; [| apply shared_ok; assumption].
  pose proof (shared_ok go C (reduce_all s d f) exact d s m G) as [G1 [A D]].
  destruct (shared go (reduce_all s d f) exact d s m) as [r m1]. cbn [fst snd] in *.
  destruct r; try (repeat split; cbn; auto; discriminate).
  - repeat split; cbn; auto; try discriminate. intros _ words V F. apply A; auto. apply (are_weaker_ok f); assumption.
  - apply shared_ok; assumption.
Qed.

Lemma solve_ok depth : correct (solve p ps depth).
Proof.
  induction depth as [| depth IH]; intros f exact d s m G; cbn [solve]. { apply right_other; [assumption | discriminate | discriminate]. }
  destruct (work m =? 0). { apply right_other; [assumption | discriminate | discriminate]. }
  assert (G' : good (proved (Memory (proved m) (failed m) (N.pred (work m))))) by assumption.
  assert (Adv : forall words, words_valid words -> models f words -> _) by (intros words V F; exact (advance_ok f words s V F)).
  destruct (advance f s) as [answer | s' w t |].
  - destruct (guarded d) as [| g l] eqn:Gd.
    + destruct (N.eqb_spec answer (otherwise d)) as [E | E].
      * repeat split; cbn; [assumption | | discriminate]. intros _ words V F. cbn [c_facts c_state c_decision] in *.
        rewrite (Adv words V F). unfold meaning. rewrite Gd, E. reflexivity.
      * unfold disagree. destruct (all_words _ _) as [bytes |]; [| apply right_other; [assumption | discriminate | discriminate]].
        destruct (is_difference p ps bytes) eqn:D; [| apply right_other; [assumption | discriminate | discriminate]].
        repeat split; cbn; [assumption | discriminate |]. intros b E'. inversion E'. subst. assumption.
    + destruct (question (g :: l)) as [[w t] |]; [| apply right_other; [assumption | discriminate | discriminate]].
      apply split_ok; assumption.
  - refine (right_implies _ _ _ _ (reduced_ok (split (solve p ps depth) w t) w (split_ok _ w t IH) f exact d s' _ G')).
    intros T words V F. specialize (T words V F). cbn [c_facts c_state c_decision] in *. rewrite (Adv words V F). assumption.
  - apply right_other; [assumption | discriminate | discriminate].
Qed.
End Search.

(** ** The theorems *)

Lemma all_facts_models words : words_valid words -> models all_facts words.
Proof.
  intros V w. unfold fact_of, all_facts. assert (E : nth w (repeat anything 16) anything = anything).
  { generalize 16%nat. intro n. revert w. induction n as [| n IH]; intros [| w]; cbn [repeat nth]; auto. }
  rewrite E. apply has_anything. apply V.
Qed.
Lemma no_memory_good work : good (proved (no_memory work)).
Proof. intros key l c E. cbn in E. rewrite PositiveMap.gempty in E. discriminate. Qed.

(** What is called equal is equal on every input. *)
Theorem check_equal depth work p programs : check depth work p programs = Equal ->
  exists ps, programs_of_bytes (p_order p) programs = Some ps /\
  forall i, valid i -> verdict (p_order p) ps i = Some (eval p i).
Proof.
  unfold check. destruct (programs_of_bytes (p_order p) programs) as [ps |]; [| discriminate].
  destruct (decision_of_policy p) as [d |] eqn:D; [| discriminate].
  destruct (solve_ok p ps depth all_facts all_facts (simplify_decision all_facts d) (start ps) _ (no_memory_good work)) as [_ [A _]].
  destruct (fst (solve p ps depth all_facts all_facts (simplify_decision all_facts d) (start ps) (no_memory work))); try discriminate.
  intros _. exists ps. split; [reflexivity |]. intros i V. pose proof (word_valid (p_order p) i V) as V'.
  pose proof (all_facts_models _ V') as F. specialize (A eq_refl _ V' F). cbn [c_facts c_state c_decision] in A.
  rewrite simplify_decision_ok in A by assumption. rewrite (decision_of_policy_ok p i V d D) in A. exact A.
Qed.

(** The witness of what is called different is an input on which the specification gives two answers. *)
Theorem check_different depth work p programs bytes : check depth work p programs = Different bytes ->
  exists ps, programs_of_bytes (p_order p) programs = Some ps /\
  valid (input_of_bytes bytes) /\ verdict (p_order p) ps (input_of_bytes bytes) <> Some (eval p (input_of_bytes bytes)).
Proof.
  unfold check. destruct (programs_of_bytes (p_order p) programs) as [ps |]; [| discriminate].
  destruct (decision_of_policy p) as [d |]; [| discriminate].
  destruct (solve_ok p ps depth all_facts all_facts (simplify_decision all_facts d) (start ps) _ (no_memory_good work)) as [_ [_ A]].
  destruct (fst (solve p ps depth all_facts all_facts (simplify_decision all_facts d) (start ps) (no_memory work))); try discriminate.
  intro E. inversion E. subst. exists ps. split; [reflexivity |]. specialize (A _ eq_refl). unfold is_difference in A.
  apply andb_true_iff in A. destruct A as [B A]. split.
  - intro n. unfold input_of_bytes. destruct (nth_in_or_default n bytes 0) as [I | ->]; [| reflexivity].
    rewrite forallb_forall in B. apply N.ltb_lt. apply B. assumption.
  - destruct (verdict _ ps _) as [answer |]; [| discriminate]. intro E'. inversion E'. subst. rewrite N.eqb_refl in A. discriminate.
Qed.

(** A program that the kernel accepts returns. *)
Lemma run_returns words p : jumps_stay_inside p = true -> ends_in_return p = true ->
  forall skip a x m, skip < N.of_nat (length p) -> run words p skip a x m <> None.
Proof.
  induction p as [| c p IH]; [cbn; lia |]. intros J E skip a x m S. cbn [jumps_stay_inside] in J. apply andb_true_iff in J. destruct J as [I J].
  cbn [length] in S. rewrite Nnat.Nat2N.inj_succ in S. cbn [run].
  assert (Rest : is_return c = false \/ p <> [] -> ends_in_return p = true).
  { unfold ends_in_return in *. cbn [rev] in E. destruct (rev p) as [| r l] eqn:R; cbn [app] in E; [| intros _; exact E].
    apply (f_equal (@rev _)) in R. rewrite rev_involutive in R. cbn in R. subst p. intros [H | H]; congruence. }
  assert (More : ends_in_return p = true -> 0 < N.of_nat (length p)) by (destruct p; [discriminate | cbn [length]; lia]).
  destruct (N.eqb_spec skip 0); cbn [negb].
  - destruct c; try (apply IH; auto; fail); try discriminate.
    + destruct (divides_by_zero o _); [discriminate | apply IH; auto].
    + apply N.ltb_lt in I. apply IH; auto.
    + apply andb_true_iff in I. destruct I as [T U]. apply N.ltb_lt in T, U. apply IH; auto. destruct (compare _ _ _); assumption.
  - assert (p <> []) by (intro; subst; cbn in S; lia). apply IH; auto. lia.
Qed.
Theorem accepted_returns words p : accepted p = true -> run_program words p <> None.
Proof.
  unfold accepted. intro A. repeat (apply andb_true_iff in A; destruct A as [A ?]). apply run_returns; auto.
  destruct p; [discriminate | cbn [length]; lia].
Qed.

Print Assumptions check_equal.
Print Assumptions check_different.
Print Assumptions accepted_returns.
