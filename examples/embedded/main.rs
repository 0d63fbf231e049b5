// A Rust program with a filter inside: cc -c load.c && rustc main.rs -C link-arg=load.o
use std::io::Error;
use std::os::unix::fs::PermissionsExt;
use std::{env, fs, process};

extern "C" {
    fn load_chmod_filter(flags: u32) -> i32;
}
const TSYNC: u32 = 1; // CALLGATE_LOAD_TSYNC: all threads

fn main() {
    let file = env::args().nth(1).unwrap_or_else(|| {
        eprintln!("usage: main FILE");
        process::exit(2)
    });
    // SAFETY: the function takes a number and keeps no pointer.
    let result = unsafe { load_chmod_filter(TSYNC) };
    if result < 0 {
        eprintln!("no filter, so nothing is done: {}", Error::from_raw_os_error(-result));
        process::exit(2);
    }
    match fs::set_permissions(&file, fs::Permissions::from_mode(0o400)) {
        Err(error) if error.raw_os_error() == Some(1) => println!("chmod: Operation not permitted"),
        other => {
            println!("chmod was not denied: {:?}", other);
            process::exit(1);
        }
    }
}
