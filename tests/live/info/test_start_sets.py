#!/usr/bin/env python3
"""usage: test_start_sets.py CALLGATE COMPILER...: real programs of each kind start and end under the sets that are there for it, in a filter that
kills a process at any other call. Without one of the calls, `callgate lint` says that they do not start only where they do not.
A kind that can not be built here is skipped with a reason; exit status 77 if nothing could be executed."""
import json
import os
import shutil
import signal
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
TRIES = 8  # some calls are not made each time
MUSL = ['musl-gcc', '-static']


def kinds(compiler):
    """name, sets, source, how it is built, and what lint calls it"""
    yield 'dynamic', '@start@1', HELLO, compiler, 'glibc'
    yield 'static', '@start-static@1', HELLO, compiler + ['-static'], 'glibc-static'
    yield 'static, position-independent', '@start-static@1', HELLO, compiler + ['-static-pie'], None
    yield 'dynamic with threads', '@start@1, @threads@1', THREADS, compiler + ['-pthread'], 'glibc-threads'
    yield 'static with threads', '@start-static@1, @threads@1', THREADS, compiler + ['-static', '-pthread'], None
    yield 'musl, static', '@start-static@1', HELLO, MUSL, 'musl-static'
    yield 'musl, dynamic', '@start@1', HELLO, ['musl-gcc'], 'musl'
    yield 'musl, static with threads', '@start-static@1, @threads@1', THREADS, MUSL, 'musl-threads'
    yield 'Go', '@start-go@1', GO, ['go', 'build'], 'go'


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


def lint(callgate, libc):
    """the calls that lint says are lacking at the start"""
    done = subprocess.run([callgate, 'lint', '--format', 'json', '--libc', libc, 'without.policy'], capture_output=True, text=True)
    texts = [found['text'] for found in json.loads(done.stdout)['findings'] if found['name'] == 'startup']
    return texts[0].split('lacks: ')[1].split(', ') if texts else []


def ends_well(callgate, program):
    """Some that can not end try for ever; on a slow machine others are taken for such, too."""
    with subprocess.Popen([callgate, 'run', '--profile', 'without.policy', '--', program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          start_new_session=True) as process:
        try:
            return process.communicate(timeout=5)[0] == 'hello\n' and process.returncode == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return False


def without(callgate, program, sets, libc):
    """failures: lint accuses a filter of which the program is happy. Without each call of the sets, with an error and by death."""
    failures, found = 0, set()
    names = set()
    for one in sets.split(', '):
        listed = subprocess.run([callgate, 'syscalls', one], capture_output=True, text=True).stdout
        names |= {line.split()[1] for line in listed.splitlines()}
    for action in ('EPERM', 'KILL_PROCESS'):
        for name in sorted(names):
            with open('without.policy', 'w') as file:
                file.write(f'default {action}\n' + ''.join(f'{other} -> ALLOW\n' for other in sorted(names | {'write', 'writev'}) if other != name))
            lacking = lint(callgate, libc)
            if not lacking:
                continue
            found.add(name)
            if lacking != [name] or all(ends_well(callgate, program) for _ in range(TRIES)):
                print(f'FAILED: {libc} without {name}, which gets {action}: lint says that it lacks {lacking}')
                failures += 1
    if not {'execve', 'exit_group'} <= found:
        print(f'FAILED: {libc}: lint finds only {found}')
        failures += 1
    return failures


def try_kind(callgate, name, sets, source, command, libc):
    """failures, and whether it was executed"""
    program = build(name, source, command)
    if not program:
        return 0, False
    done = run(callgate, program, sets)
    wrong = without(callgate, program, sets, libc) if libc else 0
    if wrong:
        return wrong, True
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
        for name, sets, source, command, libc in kinds(compiler):
            failed, done = try_kind(callgate, name, sets, source, command, libc)
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
