#include <callgate/version.h>

#include <seccomp.h>

const char *callgate_version(void)
{
	return "0.2.0";
}

const struct scmp_version *seccomp_version(void)
{
	static const struct scmp_version version = {SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO};

	return &version;
}
