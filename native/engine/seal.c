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

static int enters_container(char **argv)
{
	for (char **word = argv; *word != NULL; word++)
		if (strcmp(*word, "create") == 0 || strcmp(*word, "run") == 0 || strcmp(*word, "exec") == 0 || strcmp(*word, "restore") == 0)
			return 1;
	return 0;
}

/* The seal itself is the sign, never an environment variable that a caller could set. */
static int is_sealed(int self)
{
	struct statvfs file_system;
	if (fstatvfs(self, &file_system) == 0 && (file_system.f_flag & ST_RDONLY))
		return 1;
	int seals = fcntl(self, F_GET_SEALS);
	return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

/* A detached read-only clone of the mount that holds us. 0.06 ms; needs CAP_SYS_ADMIN and Linux 5.12. */
static int read_only_clone(int self)
{
	long tree = tsr_raw(SYS_open_tree, self, (long)"", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, 0, 0, 0);
	if (tree < 0)
		return -1;
	struct mount_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.attr_set = MOUNT_ATTR_RDONLY;
	if (tsr_raw(SYS_mount_setattr, tree, (long)"", AT_EMPTY_PATH, (long)&attributes, sizeof attributes, 0) < 0) {
		close((int)tree);
		return -1;
	}
	return (int)tree;
}

static int sealed_copy(int self)
{
	struct stat status;
	long copy = tsr_raw(SYS_memfd_create, (long)"ts-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC, 0, 0, 0, 0);
	if (copy == -EINVAL) /* before 6.3 there is no MFD_EXEC and every memfd is executable */
		copy = tsr_raw(SYS_memfd_create, (long)"ts-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING, 0, 0, 0, 0);
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
	if (!enters_container(argv))
		return;
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self < 0) {
		dprintf(2, "ts-runc: protect own executable: cannot open /proc/self/exe, want a mounted /proc [seal openat %s]\n", strerror(errno));
		_exit(1);
	}
	if (is_sealed(self)) {
		close(self);
		return;
	}
	/* On success execveat does not return, and close-on-exec closes the clone: it holds only while nobody has its descriptor (exe.2). */
	int sealed = read_only_clone(self);
	if (sealed >= 0)
		tsr_raw(SYS_execveat, sealed, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH, 0);
	sealed = sealed_copy(self);
	if (sealed >= 0)
		tsr_raw(SYS_execveat, sealed, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH, 0);
	dprintf(2, "ts-runc: protect own executable: neither a read-only clone nor a sealed copy could be made, want one of them [seal execveat %s]\n", strerror(errno));
	_exit(1);
}
