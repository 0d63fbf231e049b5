// The same from C++. A framework of its own can have the failures: see CALLGATE_FAIL in <callgate/testing.h>.
#include <cerrno>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <fcntl.h>

#define CALLGATE_FAIL(file, line, text) throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + (text))
#include <callgate/testing.h>

#include "filter.h"

int main()
{
	std::unique_ptr<void, decltype(&seccomp_release)> filter(filter_new(), seccomp_release);

	try {
		callgate_expect(filter.get(), "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY);
		callgate_expect(filter.get(), "openat", SCMP_ACT_ERRNO(EACCES), AT_FDCWD, CALLGATE_ANY, O_RDWR);
		callgate_expect(filter.get(), "execve", SCMP_ACT_KILL_PROCESS);
	} catch (const std::exception &failure) {
		std::cerr << failure.what() << '\n';
		return 1;
	}
	std::cout << "no failures\n";
}
