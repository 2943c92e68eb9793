#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw.h"

#ifndef F_GET_SEALS
#define F_GET_SEALS 1034
#define F_ADD_SEALS 1033
#endif
#define ALL_SEALS 0xf /* SEAL, SHRINK, GROW, WRITE */
#ifndef MFD_EXEC
#define MFD_EXEC 0x10u /* Linux 6.3 */
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* The command, if it is one that enters a container. */
static const char *entering(char **argv)
{
	for (char **word = argv; *word != NULL; word++)
		if (strcmp(*word, "create") == 0 || strcmp(*word, "run") == 0 || strcmp(*word, "exec") == 0 || strcmp(*word, "restore") == 0)
			return *word;
	return NULL;
}

/* As tsr_raw, with libc's errno, which says why in the end. */
static long call(long number, long a, long b, long c, long d, long e)
{
	long result = tsr_raw(number, a, b, c, d, e, 0);
	if (result < 0)
		errno = (int)-result;
	return result;
}

/* Names, as the kernel's sentences are for exec, cwd and mounts alone (src/shared/error.ts). */
static const char *errno_name(int number)
{
	switch (number) {
	case EPERM: return "EPERM";
	case ENOENT: return "ENOENT";
	case EIO: return "EIO";
	case ENOMEM: return "ENOMEM";
	case EACCES: return "EACCES";
	case ENOTDIR: return "ENOTDIR";
	case EINVAL: return "EINVAL";
	case ENFILE: return "ENFILE";
	case EMFILE: return "EMFILE";
	case ENOSPC: return "ENOSPC";
	case ENOSYS: return "ENOSYS";
	case ELOOP: return "ELOOP";
	default: {
		static char other[24];
		snprintf(other, sizeof other, "errno %d", number);
		return other;
	}
	}
}

/* One line in the form of all others, and the command's exit status. */
static _Noreturn void give_up(const char *command, const char *problem)
{
	int is_exec = strcmp(command, "exec") == 0;
	dprintf(2, "%sprotect own executable: %s [seal %s]\n", is_exec ? "exec failed: " : "", problem, errno_name(errno));
	_exit(is_exec ? 255 : 1);
}

/* Whether we run from a mount that no path leads to: its root is the executable itself. Of one that is attached the kernel knows the path. */
static int is_detached(void)
{
	static const char gone[] = "/ (deleted)"; /* replaced by an update meanwhile */
	char path[sizeof gone];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path);
	return (length == 1 && path[0] == '/') || (length == sizeof gone - 1 && memcmp(path, gone, sizeof gone - 1) == 0);
}

/*
 * The seal itself is the sign, never an environment variable that a caller could set. A read-only mount is one only if it is our own clone: the
 * host's read-only /usr will be writable when it is updated, and a container may have kept a descriptor.
 */
static int is_sealed(int self)
{
	struct statvfs file_system;
	if (fstatvfs(self, &file_system) == 0 && (file_system.f_flag & ST_RDONLY) && is_detached())
		return 1;
	int seals = fcntl(self, F_GET_SEALS);
	return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

/* A detached read-only clone of the mount that holds us. 0.06 ms; needs CAP_SYS_ADMIN and Linux 5.12. */
static int read_only_clone(int self)
{
	long tree = call(SYS_open_tree, self, (long)"", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, 0, 0);
	if (tree < 0)
		return -1;
	struct mount_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.attr_set = MOUNT_ATTR_RDONLY;
	if (call(SYS_mount_setattr, tree, (long)"", AT_EMPTY_PATH, (long)&attributes, sizeof attributes) < 0) {
		close((int)tree);
		return -1;
	}
	return (int)tree;
}

static int sealed_copy(int self)
{
	struct stat status;
	long copy = call(SYS_memfd_create, (long)"ts-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC, 0, 0, 0);
	if (copy == -EINVAL) /* before 6.3 there is no MFD_EXEC and every memfd is executable */
		copy = call(SYS_memfd_create, (long)"ts-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING, 0, 0, 0);
	if (copy < 0 || fstat(self, &status) != 0)
		return -1;
	off_t offset = 0;
	while (offset < status.st_size) {
		ssize_t sent = sendfile((int)copy, self, &offset, (size_t)(status.st_size - offset));
		if (sent <= 0 && errno != EINTR)
			return -1;
	}
	if (fchmod((int)copy, 0500) != 0 || fcntl((int)copy, F_ADD_SEALS, ALL_SEALS) != 0)
		return -1;
	return (int)copy;
}

void tsr_seal_self(char **argv, char **envp)
{
	const char *command = entering(argv);
	if (command == NULL)
		return;
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self < 0)
		give_up(command, "cannot open /proc/self/exe, want a mounted /proc");
	if (is_sealed(self)) {
		close(self);
		return;
	}
	/* On success execveat does not return, and close-on-exec closes the clone: it holds only while nobody has its descriptor (exe.2). */
	int sealed = read_only_clone(self);
	if (sealed >= 0)
		call(SYS_execveat, sealed, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	sealed = sealed_copy(self);
	if (sealed >= 0)
		call(SYS_execveat, sealed, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	give_up(command, "neither a read-only clone nor a sealed copy could be made and run, want one of them");
}
