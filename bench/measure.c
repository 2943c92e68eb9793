/*
 * Runs commands one after the other and says what each one took: wall time, CPU time, peak memory, exit status.
 *
 *     measure LOG [COMMAND… --]…
 *
 * Output: one line a command, `nanoseconds microseconds kibibytes status`. The commands' output goes to LOG. The word `reap` in place of a
 * command waits, unmeasured, for every process that was left to us: a container's first process, once `start` is done, is one of those,
 * so that `delete` meets a container that has surely ended and needs no second try.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
	dprintf(out, "%lld %lld %ld %d\n", (long long)(end - start),
		(long long)(microseconds(used.ru_utime) + microseconds(used.ru_stime)), used.ru_maxrss, code);
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
