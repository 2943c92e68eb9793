/*
 * The floor: what the kernel alone takes for runc's default spec on cgroup v1. The calls that ts-runc makes, in plain C, with everything
 * computed beforehand: no JSON, no checks, no seal, no errors but "a call failed". It takes a runtime's words (--root R create --bundle B ID,
 * start ID, delete ID, run --bundle B ID) so that the benchmark can run it as one more runtime; never use it for anything else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef ROOTFS
#error "the build names the root file system"
#endif

static const char *const controllers[] = { "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd" };
#define COUNT (int)(sizeof controllers / sizeof *controllers)
static char cgroup[COUNT][512], state[1400];

static long must(long result, int line)
{
	if (result < 0) {
		dprintf(2, "floor: line %d: %s\n", line, strerror(errno));
		_exit(1);
	}
	return result;
}
#define x(call) must((call), __LINE__)
#define sys(...) x(syscall(__VA_ARGS__))

static int in_root(int root, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static void attributes(int tree, uint64_t set, uint64_t propagation, unsigned flags)
{
	struct mount_attr attr = { .attr_set = set, .propagation = propagation };
	sys(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

static int clone_tree(int from, unsigned flags)
{
	return (int)sys(SYS_open_tree, from, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
}

static void attach(int tree, int target)
{
	sys(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* `options`: name, value, … NULL; an empty value is a flag. */
static int file_system(const char *type, unsigned set, const char *const *options)
{
	int context = (int)sys(SYS_fsopen, type, FSOPEN_CLOEXEC);
	for (; *options != NULL; options += 2)
		sys(SYS_fsconfig, context, *options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[0], *options[1] ? options[1] : NULL, 0);
	sys(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	int tree = (int)sys(SYS_fsmount, context, FSMOUNT_CLOEXEC, set);
	close(context);
	return tree;
}
#define OPTIONS(...) (const char *const[]){ __VA_ARGS__, NULL }

static int directory(int parent, const char *name)
{
	x(mkdirat(parent, name, 0755));
	return (int)x(openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

static void mount_on(int root, const char *path, const char *type, unsigned set, const char *const *options)
{
	struct statfs status;
	int target = in_root(root, path, O_PATH);
	if (target < 0) {
		int dev = (int)x(in_root(root, "/dev", O_PATH));
		target = directory(dev, path + 5);
		close(dev);
	}
	x(fstatfs(target, &status));
	int tree = file_system(type, set, options);
	attach(tree, target);
	close(target);
	close(tree);
}

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static void cgroup_mounts(int root, const int *trees)
{
	int target = (int)x(in_root(root, "/sys/fs/cgroup", O_PATH));
	int top = file_system("tmpfs", SAFE, OPTIONS("source", "tmpfs", "mode", "755"));
	attach(top, target);
	for (int i = 0; i < COUNT; i++) {
		int place = directory(top, controllers[i]);
		attributes(trees[i], SAFE | MOUNT_ATTR_RDONLY, 0, 0);
		attach(trees[i], place);
		close(trees[i]);
		close(place);
	}
	attributes(top, MOUNT_ATTR_RDONLY, 0, 0);
	close(top);
	close(target);
}

static void devices(int root)
{
	static const struct { const char *name; unsigned major, minor; } nodes[] = { { "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 } };
	static const char *const links[][2] = { { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" }, { "pts/ptmx", "ptmx" } };
	int dev = (int)x(in_root(root, "/dev", O_PATH));
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
		x(mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		x(symlinkat(links[i][0], dev, links[i][1]));
	close(dev);
}

static void masks(int root)
{
	static const char *const masked[] = { "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi" };
	static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };
	int null = (int)x(in_root(root, "/dev/null", O_PATH)), empty = -1;
	for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
		struct stat status;
		int target = in_root(root, masked[i], O_PATH);
		if (target < 0)
			continue;
		x(fstat(target, &status));
		int first = S_ISDIR(status.st_mode) && empty < 0;
		if (first)
			empty = file_system("tmpfs", MOUNT_ATTR_RDONLY, OPTIONS("source", "tmpfs", "nr_blocks", "1", "nr_inodes", "1", "mode", "755", "ro", ""));
		int tree = first ? empty : clone_tree(S_ISDIR(status.st_mode) ? empty : null, 0);
		attach(tree, target);
		if (!first)
			close(tree);
		close(target);
	}
	for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++) {
		int target = in_root(root, read_only[i], O_PATH);
		if (target < 0)
			continue;
		int tree = clone_tree(target, AT_RECURSIVE);
		attributes(tree, MOUNT_ATTR_RDONLY, 0, AT_RECURSIVE);
		attach(tree, target);
		close(tree);
		close(target);
	}
	close(null);
	close(empty);
}

static void credentials(void)
{
	/* CAP_KILL, CAP_NET_BIND_SERVICE, CAP_AUDIT_WRITE */
	uint32_t kept = 1u << 5 | 1u << 10 | 1u << 29;
	x(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (cap > 31 || !(kept >> cap & 1))
			x(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0));
	sys(SYS_setgroups, 0, NULL);
	sys(SYS_setresgid, 0, 0, 0);
	sys(SYS_setresuid, 0, 0, 0);
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { kept, kept, 0 }, { 0, 0, 0 } };
	sys(SYS_capset, &header, data);
	x(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

static void loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int socket_fd = (int)x(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	x(ioctl(socket_fd, SIOCGIFFLAGS, &request));
	request.ifr_flags |= IFF_UP;
	x(ioctl(socket_fd, SIOCSIFFLAGS, &request));
	close(socket_fd);
}

static void init(int root, const int *trees, const int *doors, int link, int fifo, char **args)
{
	char byte, path[32];
	sys(SYS_close_range, link + 1, ~0u, 0);
	x(setsid());
	syscall(SYS_keyctl, 1, "_ses.floor");
	loopback();
	x(sethostname("runc", 4));
	umask(0);
	x(mount("", "/", "", MS_SLAVE | MS_REC, ""));
	int place = (int)x(open(ROOTFS, O_PATH | O_DIRECTORY | O_CLOEXEC));
	attach(root, place);
	close(place);
	mount_on(root, "/proc", "proc", 0, OPTIONS("source", "proc"));
	mount_on(root, "/dev", "tmpfs", MOUNT_ATTR_NOSUID, OPTIONS("source", "tmpfs", "mode", "755", "size", "65536k"));
	mount_on(root, "/dev/pts", "devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, OPTIONS("source", "devpts", "newinstance", "", "ptmxmode", "0666", "mode", "0620", "gid", "5"));
	mount_on(root, "/dev/shm", "tmpfs", SAFE, OPTIONS("source", "shm", "mode", "1777", "size", "65536k"));
	mount_on(root, "/dev/mqueue", "mqueue", SAFE, OPTIONS("source", "mqueue"));
	mount_on(root, "/sys", "sysfs", SAFE | MOUNT_ATTR_RDONLY, OPTIONS("source", "sysfs", "ro", ""));
	for (int i = 0; i < COUNT; i++) {
		x(write(doors[i], "0", 1));
		close(doors[i]);
	}
	cgroup_mounts(root, trees);
	devices(root);
	x(fchdir(root));
	int old = (int)x(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	sys(SYS_pivot_root, ".", ".");
	attributes(old, 0, MS_SLAVE, AT_RECURSIVE);
	x(fchdir(old));
	x(umount2(".", MNT_DETACH));
	close(old);
	x(chdir("/"));
	masks(root);
	attributes(root, MOUNT_ATTR_RDONLY, 0, 0);
	int proc = file_system("proc", SAFE, OPTIONS("subset", "pid"));
	snprintf(path, sizeof path, "1/fd/%d", fifo);
	int self = (int)x(openat(proc, "1", O_PATH | O_DIRECTORY | O_CLOEXEC));
	close(proc);
	credentials();
	umask(022);
	x(read(link, &byte, 1));
	x(write(link, "ready", 5));
	close(link);
	int opened = (int)x(openat(self, path + 2, O_WRONLY | O_CLOEXEC));
	x(write(opened, "0", 1));
	struct rlimit files = { 1024, 1024 };
	x(setrlimit(RLIMIT_NOFILE, &files));
	sys(SYS_close_range, opened + 1, ~0u, 0);
	execve(args[0], args, (char *[]){ "PATH=/bin", NULL });
	_exit(127);
}

static void write_state(int folder)
{
	int file = (int)x(openat(folder, ".state.json", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
	x(fchmod(file, 0600));
	x(write(file, state, sizeof state));
	close(file);
	x(renameat(folder, ".state.json", folder, "state.json"));
}

static void set(int folder, const char *name, const char *value)
{
	int file = (int)x(openat(folder, name, O_WRONLY | O_CLOEXEC));
	x(write(file, value, strlen(value)));
	close(file);
}

static void make_cgroups(const char *id, int *trees, int *doors)
{
	static const char *const allowed[] = { "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm", "c 10:200 rwm" };
	int folders[COUNT];
	for (int i = 0; i < COUNT; i++) {
		struct statfs status;
		int parent = (int)x(open(cgroup[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		x(fstatfs(parent, &status));
		x(mkdirat(parent, id, 0755));
		folders[i] = (int)x(openat(parent, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		for (int file = 0; i == 2 && file < 2; file++) {
			static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
			char value[64] = "";
			int from = (int)x(openat(parent, files[file], O_RDONLY | O_CLOEXEC));
			x(read(from, value, sizeof value - 1));
			close(from);
			set(folders[i], files[file], value);
		}
		close(parent);
	}
	set(folders[4], "devices.deny", "a");
	int allow = (int)x(openat(folders[4], "devices.allow", O_WRONLY | O_CLOEXEC));
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		x(write(allow, allowed[i], strlen(allowed[i])));
	close(allow);
	for (int i = 0; i < COUNT; i++) {
		trees[i] = clone_tree(folders[i], 0);
		doors[i] = (int)x(openat(folders[i], "tasks", O_WRONLY | O_CLOEXEC));
		close(folders[i]);
	}
}

static void read_whole(const char *path)
{
	char buffer[8192];
	int file = (int)x(open(path, O_RDONLY | O_CLOEXEC));
	while (x(read(file, buffer, sizeof buffer)) > 0)
		;
	close(file);
}

static pid_t create(int base, const char *bundle, const char *id)
{
	char path[512], byte[8];
	int trees[COUNT], doors[COUNT], pair[2];
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	snprintf(path, sizeof path, "%s/config.json", bundle);
	read_whole(path);
	for (int number = 1; number <= 64; number++)
		sigaction(number, &by_default, NULL);
	x(mkdirat(base, id, 0711));
	int folder = (int)x(openat(base, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	x(flock(folder, LOCK_EX | LOCK_NB));
	read_whole("/proc/self/mountinfo");
	read_whole("/proc/self/cgroup");
	write_state(folder);
	make_cgroups(id, trees, doors);
	x(mknodat(folder, "exec.fifo", S_IFIFO | 0622, 0));
	int fifo = (int)x(openat(folder, "exec.fifo", O_PATH | O_NOFOLLOW | O_CLOEXEC));
	int rootfs = (int)x(open(ROOTFS, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	int root = clone_tree(rootfs, AT_RECURSIVE);
	attributes(root, 0, MS_SLAVE, AT_RECURSIVE);
	close(rootfs);
	x(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	struct clone_args args = { .flags = CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS, .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)sys(SYS_clone3, &args, sizeof args);
	if (pid == 0) {
		const char *program = strstr(bundle, "sleep") != NULL ? "/bin/sleep" : "/bin/true";
		close(pair[0]);
		init(root, trees, doors, pair[1], fifo, (char *[]){ (char *)program, program[5] == 's' ? "1000" : NULL, NULL });
	}
	close(pair[1]);
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	read_whole(path);
	memcpy(state, &pid, sizeof pid);
	write_state(folder);
	x(write(pair[0], "g", 1));
	struct pollfd waits = { pair[0], POLLIN, 0 };
	x(poll(&waits, 1, -1));
	if (x(read(pair[0], byte, sizeof byte)) != 5)
		_exit(1);
	write_state(folder);
	return pid;
}

static void start(int base, const char *id)
{
	char buffer[64];
	int folder = (int)x(openat(base, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int record = (int)x(openat(folder, "state.json", O_RDONLY | O_CLOEXEC));
	x(read(record, state, sizeof state));
	int fifo = (int)x(openat(folder, "exec.fifo", O_RDONLY | O_CLOEXEC));
	while (x(read(fifo, buffer, sizeof buffer)) > 0) /* its end is that of execve */
		;
	x(unlinkat(folder, "exec.fifo", 0));
}

static void delete(int base, const char *id)
{
	char path[1200];
	pid_t pid;
	int folder = (int)x(openat(base, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int record = (int)x(openat(folder, "state.json", O_RDONLY | O_CLOEXEC));
	x(read(record, state, sizeof state));
	memcpy(&pid, state, sizeof pid);
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd >= 0) {
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		struct pollfd waits = { pidfd, POLLIN, 0 };
		x(poll(&waits, 1, -1));
	}
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof path, "%.511s/%.255s", cgroup[i], id);
		while (rmdir(path) != 0 && errno == EBUSY)
			usleep(1000);
	}
	unlinkat(folder, "exec.fifo", 0);
	x(unlinkat(folder, "state.json", 0));
	x(unlinkat(base, id, AT_REMOVEDIR));
}

/* Where we are in each hierarchy, for what follows. */
static void find_cgroups(void)
{
	char line[512];
	FILE *file = fopen("/proc/self/cgroup", "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		char *name = strchr(line, ':') + 1, *path = strchr(name, ':');
		*path++ = 0;
		path[strcspn(path, "\n")] = 0;
		name += strncmp(name, "name=", 5) == 0 ? 5 : 0;
		for (int i = 0; i < COUNT; i++)
			if (strcmp(name, controllers[i]) == 0)
				snprintf(cgroup[i], sizeof cgroup[i], "/sys/fs/cgroup/%s%s", name, strcmp(path, "/") == 0 ? "" : path);
	}
	if (file != NULL)
		fclose(file);
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		puts("floor version 0");
		return 0;
	}
	const char *root = argv[2], *verb = argv[3], *id = argv[argc - 1];
	mkdir(root, 0700);
	int base = (int)x(open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	find_cgroups();
	if (strcmp(verb, "start") == 0)
		start(base, id);
	else if (strcmp(verb, "delete") == 0)
		delete(base, id);
	else {
		pid_t pid = create(base, argv[5], id);
		if (strcmp(verb, "run") != 0)
			return 0;
		int status;
		start(base, id);
		x(waitpid(pid, &status, 0));
		delete(base, id);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	}
	return 0;
}
