#!/usr/bin/env python3
"""usage: test_start_sets.py CALLGATE COMPILER...: real programs of each kind start and end under the sets that are there for it, in a filter that
kills a process at any other call. A kind that can not be built here is skipped with a reason; exit status 77 if nothing could be executed."""
import os
import shutil
import subprocess
import sys
import tempfile

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
THREADS = '''#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int count;
static void *add(void *unused)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		count++;
		pthread_mutex_unlock(&mutex);
	}
	return unused;
}
int main(void)
{
	pthread_t threads[8];
	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, add, NULL))
			return 1;
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	puts(count == 8000 ? "hello" : "lost");
	return 0;
}
'''
GO = '''package main
import ("fmt"; "sync")
func main() {
	var group sync.WaitGroup
	for i := 0; i < 8; i++ { group.Add(1); go func() { defer group.Done(); _ = make([]byte, 1<<20) }() }
	group.Wait()
	fmt.Println("hello")
}
'''
MUSL = ['musl-gcc', '-static']


def kinds(compiler):
    """name, sets, source, how it is built"""
    yield 'dynamic', '@start@1', HELLO, compiler
    yield 'static', '@start-static@1', HELLO, compiler + ['-static']
    yield 'static, position-independent', '@start-static@1', HELLO, compiler + ['-static-pie']
    yield 'dynamic with threads', '@start@1, @threads@1', THREADS, compiler + ['-pthread']
    yield 'static with threads', '@start-static@1, @threads@1', THREADS, compiler + ['-static', '-pthread']
    yield 'musl, static', '@start-static@1', HELLO, MUSL
    yield 'musl, dynamic', '@start@1', HELLO, ['musl-gcc']
    yield 'musl, static with threads', '@start-static@1, @threads@1', THREADS, MUSL
    yield 'Go', '@start-go@1', GO, ['go', 'build']


def build(name, source, command):
    """the program, or None and the reason is printed"""
    if not shutil.which(command[0]):
        print(f'skipped: {name}: {command[0]} is not installed')
        return None
    is_go = command[0] == 'go'
    program, text = os.path.abspath('program'), 'main.go' if is_go else 'main.c'
    with open(text, 'w') as file:
        file.write(source)
    environment = dict(os.environ, HOME=os.getcwd(), GOCACHE=os.path.abspath('cache'), CGO_ENABLED='0', GOFLAGS='-p=1', GOTOOLCHAIN='local')
    environment.pop('LD_LIBRARY_PATH', None)
    built = subprocess.run([*command, '-o', program, text], env=environment, capture_output=True, text=True)
    if built.returncode:
        reason = (built.stderr.strip().splitlines() or ['no message'])[-1]
        print(f'skipped: {name}: it can not be built here: {reason}')
        return None
    # Can it start without a filter? Libraries of another kind may be missing.
    plain = subprocess.run([program], capture_output=True, text=True)
    if plain.stdout != 'hello\n':
        print(f'skipped: {name}: it does not start here without a filter either')
        return None
    return program


def run(callgate, program, sets):
    with open('start.policy', 'w') as file:
        file.write(f'default KILL_PROCESS\nuse {sets}\nwrite, writev -> ALLOW\n')
    return subprocess.run([callgate, 'run', '--profile', 'start.policy', '--', program], capture_output=True, text=True)


def try_kind(callgate, name, sets, source, command):
    """failures, and whether it was executed"""
    program = build(name, source, command)
    if not program:
        return 0, False
    done = run(callgate, program, sets)
    if done.returncode == 0 and done.stdout == 'hello\n':
        print(f'ok: {name}: {sets}')
        return 0, True
    why = subprocess.run([callgate, 'run', '--why', '--profile', 'start.policy', '--', program], capture_output=True, text=True)
    print(f'FAILED: {name} under {sets}: {done.returncode}\n{done.stderr}{why.stderr}')
    return 1, True


def main():
    callgate, compiler = os.path.abspath(sys.argv[1]), sys.argv[2:]
    features = subprocess.run([callgate, 'features'], capture_output=True, text=True).stdout
    if any(line.split()[-1:] == ['SECCOMP_SET_MODE_FILTER'] and ' no ' in f' {line} ' for line in features.splitlines()):
        print('no filters on this kernel: nothing was executed')
        return 77
    failures, executed = 0, 0
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        os.chdir(directory)
        for name, sets, source, command in kinds(compiler):
            failed, done = try_kind(callgate, name, sets, source, command)
            failures += failed
            executed += done
        # What is in no set is not there: a filter without them lets nothing start.
        program = build('nothing', HELLO, compiler)
        if program and run(callgate, program, '@time@1').returncode == 0:
            print('FAILED: a program has started without any set')
            failures += 1
        os.chdir('/')
    return 1 if failures else 0 if executed else 77


if __name__ == '__main__':
    sys.exit(main())
