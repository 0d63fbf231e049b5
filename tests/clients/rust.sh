#!/bin/sh
# The Rust bindings of the distribution: syscallz with its own tests, and below it seccomp-sys, in a program that confines itself.
CLIENT_TIME_LIMIT=${CLIENT_TIME_LIMIT:-280} # it compiles a dozen crates
. "$(dirname "$0")/common.sh"
crates=${CLIENTS_RUST_CRATES:-/usr/share/cargo/registry}
# The distribution's compiler: another one in PATH may not know its crates.
needs /usr/bin/cargo /usr/bin/rustc gcc pkg-config
binding=$(find "$crates" -maxdepth 1 -name 'syscallz-*' 2>/dev/null | head -n 1)
[ -n "$binding" ] || skip 'librust-syscallz-dev is not installed'

cp -r "$binding" "$work/syscallz"
cd "$work/syscallz" || exit 1
mkdir -p .cargo examples
cat >.cargo/config.toml <<TOML
[source.crates-io]
replace-with = "distribution"
[source.distribution]
directory = "$crates"
TOML
cat >>Cargo.toml <<'TOML'
[dev-dependencies.seccomp-sys]
version = "0.1.3"
TOML
cat >examples/confined.rs <<'RUST'
use syscallz::{Action, Cmp, Comparator, Context, Syscall};

fn says(what: &str, right: bool) {
    println!("{}: {}", if right { "ok" } else { "WRONG" }, what);
}

fn fails(result: std::io::Result<()>) -> i32 {
    result.err().map_or(0, |error| error.raw_os_error().unwrap_or(-1))
}

// The functions that syscallz does not use.
fn low_level() {
    use seccomp_sys::*;
    unsafe {
        let ctx = seccomp_init(SCMP_ACT_ALLOW);
        let aarch64 = 0xc00000b7;
        says("an architecture is added", seccomp_arch_add(ctx, aarch64) == 0 && seccomp_arch_add(ctx, aarch64) == -17);
        let mut value = 7;
        says("an attribute", seccomp_attr_get(ctx, scmp_filter_attr::SCMP_FLTATR_ACT_DEFAULT, &mut value) == 0 && value == SCMP_ACT_ALLOW);
        let reboot = seccomp_syscall_resolve_name(b"reboot\0".as_ptr() as *const _);
        says("a name", reboot == Syscall::reboot.into_i32());
        says("a rule", seccomp_rule_add(ctx, SCMP_ACT_KILL, reboot, 0) == 0);
        says("not exactly for two architectures", seccomp_rule_add_exact(ctx, SCMP_ACT_TRAP, Syscall::dup.into_i32(), 0) != 0);
        says("a rule that changes nothing is refused", seccomp_rule_add(ctx, SCMP_ACT_ALLOW, reboot, 0) != 0);
        let (reader, writer) = { let mut ends = [0; 2]; libc::pipe(ends.as_mut_ptr()); (ends[0], ends[1]) };
        let exported = seccomp_export_bpf(ctx, writer);
        let mut program = [0u8; 65536];
        let length = libc::read(reader, program.as_mut_ptr() as *mut _, program.len());
        says("a program", exported == 0 && length > 0 && length % 8 == 0);
        says("what was reset has no architecture but its own", seccomp_reset(ctx, SCMP_ACT_KILL) == 0 && seccomp_arch_remove(ctx, aarch64) != 0);
        seccomp_release(ctx);
    }
}

fn main() {
    low_level();
    let mut ctx = Context::init_with_action(Action::Allow).unwrap();
    ctx.set_action_for_syscall(Action::Errno(libc::EXDEV as u16), Syscall::mkdir).unwrap();
    ctx.set_action_for_syscall(Action::Errno(libc::EXDEV as u16), Syscall::mkdirat).unwrap();
    ctx.set_action_for_syscall(Action::Errno(libc::ENOTTY as u16), Syscall::chmod).unwrap();
    ctx.set_rule_for_syscall(Action::Errno(libc::EDOM as u16), Syscall::dup3,
        &[Comparator::new(2, Cmp::MaskedEq, libc::O_CLOEXEC as u64, Some(libc::O_CLOEXEC as u64))]).unwrap();
    ctx.set_rule_for_syscall(Action::Errno(libc::ERANGE as u16), Syscall::setpriority,
        &[Comparator::new(2, Cmp::Ge, 5, None), Comparator::new(1, Cmp::Lt, 1, None)]).unwrap();
    ctx.load().unwrap();
    drop(ctx);
    says("mkdir is denied", fails(std::fs::create_dir("/tmp/clients-rust")) == libc::EXDEV);
    let answer = |result: i32| if result < 0 { std::io::Error::last_os_error().raw_os_error().unwrap() } else { 0 };
    unsafe {
        says("chmod is denied", answer(libc::syscall(libc::SYS_chmod, b"/tmp\0".as_ptr(), 0o1777) as i32) == libc::ENOTTY);
        says("dup3 with the flag is denied", answer(libc::dup3(0, 60, libc::O_CLOEXEC)) == libc::EDOM);
        says("dup3 without it is not", answer(libc::dup3(0, 60, 0)) == 0);
        says("a priority of 5 is denied", answer(libc::setpriority(0, 0, 5)) == libc::ERANGE);
        says("a priority of 4 is not", answer(libc::setpriority(0, 0, 4)) == 0);
    }
    println!("the end");
}
RUST
export CARGO_HOME="$work/cargo" CARGO_TARGET_DIR="$work/target" RUSTC=/usr/bin/rustc CFLAGS="${CLIENTS_CFLAGS:-}"
LIMIT=250 limited sh -c '/usr/bin/cargo test --offline --no-run --lib && /usr/bin/cargo build --offline --example confined' \
	>"$work/output" 2>&1 || {
	cat "$work/output"
	give_up 'the tests of the binding cannot be built'
}
tests=$(find "$work/target/debug/deps" -name 'syscallz-*' -type f -executable | head -n 1)

witnessed tests "$tests" --test-threads=1
expect 'the tests of the binding pass' 0 "$witnessed_status"
expect_line 'a rule is loaded and denies' 'test tests::test_rule \.\.\. ok' "$(cat "$work/output")"
witnessed program "$work/target/debug/examples/confined"
expect 'the program ends well' 0 "$witnessed_status"
expect_line 'it comes to its end' '^the end' "$(cat "$work/output")"
expect_line 'filters are loaded and deny' 'ok: mkdir is denied' "$(cat "$work/output")"
expect 'nothing is wrong' '' "$(grep '^WRONG' "$work/output")"
finish
