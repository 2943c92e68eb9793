/* A hostile process in a container, which waits for processes that join it and tries to get at what they hold of the host.
 *     peek MARKER
 * MARKER is a path of the host that the container does not have. Runs until /stop is there; writes one line for each new finding to /found:
 *     escape <where>     the host's file was opened through /proc/PID/<where>
 *     write <where>      an executable or memory of a process that has yet to become the image's could be opened for writing
 *     environ <text>     its environment could be read, and has a variable
 *     cmdline <text> likewise its command line
 *     seize              it could be traced, while it had more capabilities than we have
 *     seen <count>       last of all: how many processes were met before their execve */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *marker;
static int out, met;
static char said[64][256];
static int lines;

static void say(const char *kind, const char *what)
{
	char line[256];
	snprintf(line, sizeof line, "%s %.200s\n", kind, what);
	for (int i = 0; i < lines; i++)
		if (!strcmp(said[i], line))
			return;
	if (lines < 64)
		strcpy(said[lines++], line);
	dprintf(out, "%s", line);
}

/* Whether the host's file can be reached from a directory of somebody else. */
static void climb(int fd, const char *where)
{
	char path[4200];
	snprintf(path, sizeof path, "../../../../../../../../../..%s", marker);
	int got = openat(fd, path, O_RDONLY);
	if (got < 0)
		got = openat(fd, marker + 1, O_RDONLY);
	if (got < 0)
		return;
	say("escape", where);
	close(got);
}

static void folder(int process, const char *name, const char *where)
{
	int fd = openat(process, name, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return;
	climb(fd, where);
	close(fd);
}

static unsigned long long permitted(int process)
{
	char text[4096] = "";
	int fd = openat(process, "status", O_RDONLY);
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = 0;
	char *at = strstr(text, "CapPrm:");
	return at ? strtoull(at + 7, NULL, 16) : 0;
}

/* It has not become a program of the image yet. */
static int joining(int process)
{
	char exe[4096] = "";
	ssize_t length = readlinkat(process, "exe", exe, sizeof exe - 1);
	return length <= 0 || (strcmp(exe, "/bin/busybox") && strcmp(exe, "/bin/peek"));
}

static void look(pid_t pid, unsigned long long ours)
{
	char path[64], buffer[4096];
	snprintf(path, sizeof path, "/proc/%d", pid);
	int process = open(path, O_PATH | O_DIRECTORY);
	if (process < 0)
		return;
	if (joining(process))
		met++;
	folder(process, "root", "root");
	folder(process, "cwd", "cwd");
	int list = openat(process, "fd", O_RDONLY | O_DIRECTORY);
	DIR *fds = list < 0 ? NULL : fdopendir(list);
	for (struct dirent *entry; fds && (entry = readdir(fds));) {
		char target[4096] = "", name[300];
		ssize_t length = readlinkat(list, entry->d_name, target, sizeof target - 1);
		target[length > 0 ? length : 0] = 0;
		snprintf(name, sizeof name, "fd %.200s", target);
		folder(list, entry->d_name, name);
	}
	if (fds)
		closedir(fds);
	if (joining(process)) {
		int fd = openat(process, "exe", O_RDWR);
		if (fd >= 0 && joining(process))
			say("write", "exe");
		if (fd >= 0)
			close(fd);
		fd = openat(process, "environ", O_RDONLY);
		ssize_t length = fd < 0 ? 0 : read(fd, buffer, sizeof buffer - 1);
		if (length > 0 && buffer[0] && joining(process)) {
			buffer[length] = 0;
			say("environ", buffer);
		}
		if (fd >= 0)
			close(fd);
		fd = openat(process, "cmdline", O_RDONLY);
		length = fd < 0 ? 0 : read(fd, buffer, sizeof buffer - 1);
		buffer[length > 0 ? length : 0] = 0;
		if (buffer[0] && joining(process))
			say("cmdline", buffer);
		if (fd >= 0)
			close(fd);
		fd = openat(process, "mem", O_RDWR);
		if (fd >= 0 && joining(process) && permitted(process) & ~ours)
			say("write", "mem");
		if (fd >= 0)
			close(fd);
		if (!getenv("NO_SEIZE") && !ptrace(PTRACE_SEIZE, pid, 0, 0)) {
			if (joining(process) && permitted(process) & ~ours)
				say("seize", "");
			ptrace(PTRACE_INTERRUPT, pid, 0, 0);
			waitpid(pid, NULL, __WALL);
			ptrace(PTRACE_DETACH, pid, 0, 0);
		}
	}
	close(process);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	alarm(120); /* never outlives its test */
	marker = argv[1];
	out = open("/found", O_WRONLY | O_CREAT | O_APPEND, 0644);
	int own = open("/proc/self", O_PATH | O_DIRECTORY);
	unsigned long long ours = permitted(own);
	if (out < 0 || own < 0)
		return 1;
	for (unsigned turn = 0; turn % 64 || access("/stop", F_OK); turn++) {
		/* Pids are given out in turn, so a guess is faster than a listing. */
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; proc && (entry = readdir(proc));) {
			pid_t pid = atoi(entry->d_name);
			if (pid > 1 && pid != getpid())
				look(pid, ours);
		}
		if (proc)
			closedir(proc);
	}
	dprintf(out, "seen %d\n", met);
	return 0;
}
