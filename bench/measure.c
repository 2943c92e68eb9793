/*
 * Runs commands one after the other and says what each one took: wall time, CPU time, peak memory, page faults, exit status.
 *
 *     measure LOG [COMMAND… --]…
 *     measure LOG many CALLERS COUNT PREFIX COMMAND…
 *
 * Output: one line a command, `nanoseconds microseconds kibibytes faults status`. The commands' output goes to LOG. The word `reap` in place of a
 * command waits, unmeasured, for every process that was left to us: a container's first process, once `start` is done, is one of those,
 * so that `delete` meets a container that has surely ended and needs no second try. `many` runs a command COUNT times, CALLERS at a time, each
 * time with another id at its end (PREFIX and a number), and says what all of them took together.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int out; /* where the figures go: standard output as it was given */

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t microseconds(struct timeval time)
{
	return time.tv_sec * INT64_C(1000000) + time.tv_usec;
}

static void say(int64_t nanoseconds, const struct rusage *used, int code)
{
	dprintf(out, "%lld %lld %ld %ld %d\n", (long long)nanoseconds,
		(long long)(microseconds(used->ru_utime) + microseconds(used->ru_stime)), used->ru_maxrss, used->ru_minflt, code);
}

static int measure(char **command)
{
	struct rusage used;
	int status = 0;
	int64_t start = now();
	/* vfork: the memory of the child before its execve is ours, which is little, and so does not count as the command's peak. */
	pid_t child = vfork();
	if (child < 0)
		return -1;
	if (child == 0) {
		execv(command[0], command);
		_exit(127);
	}
	if (wait4(child, &status, 0, &used) != child)
		return -1;
	int64_t end = now();
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	say(end - start, &used, code);
	return 0;
}

static pid_t begin(char **command, const char *prefix, long number)
{
	char id[64];
	size_t words = 0;
	snprintf(id, sizeof id, "%s%ld", prefix, number);
	while (command[words] != NULL)
		words++;
	char *with_id[words + 2];
	memcpy(with_id, command, words * sizeof *command);
	with_id[words] = id;
	with_id[words + 1] = NULL;
	pid_t child = vfork();
	if (child == 0) {
		execv(with_id[0], with_id);
		_exit(127);
	}
	return child;
}

/* A container's first process is orphaned to us too, when its creator ends: only those that we began count. */
static int many(long callers, long count, const char *prefix, char **command)
{
	pid_t began[callers];
	long next = 0, ended = 0;
	int code = 0;
	struct rusage all = { 0 };
	int64_t start = now();
	for (long i = 0; i < callers; i++)
		began[i] = next < count ? begin(command, prefix, next++) : 0;
	while (ended < count) {
		struct rusage used;
		int status;
		pid_t pid = wait4(-1, &status, 0, &used);
		if (pid < 0)
			return -1;
		for (long i = 0; i < callers; i++) {
			if (began[i] != pid)
				continue;
			ended++;
			code = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? code : 1;
			timeradd(&all.ru_utime, &used.ru_utime, &all.ru_utime);
			timeradd(&all.ru_stime, &used.ru_stime, &all.ru_stime);
			all.ru_minflt += used.ru_minflt;
			all.ru_maxrss = used.ru_maxrss > all.ru_maxrss ? used.ru_maxrss : all.ru_maxrss;
			began[i] = next < count ? begin(command, prefix, next++) : 0;
		}
	}
	say(now() - start, &all, code);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return 2;
	out = fcntl(1, F_DUPFD_CLOEXEC, 10);
	int log = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (out < 0 || log < 0 || null < 0)
		return 2;
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	if (argc > 6 && strcmp(argv[2], "many") == 0)
		return many(atol(argv[3]), atol(argv[4]), argv[5], argv + 6) == 0 ? 0 : 2;
	for (int at = 2; at < argc; at++) {
		char **command = argv + at;
		while (at < argc && strcmp(argv[at], "--") != 0)
			at++;
		argv[at] = NULL;
		if (strcmp(command[0], "reap") == 0)
			while (wait(NULL) > 0)
				;
		else if (measure(command) != 0)
			return 2;
	}
	return 0;
}
