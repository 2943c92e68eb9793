/* A person at a terminal of 24 lines and 80 columns.
 *     pty SOCKET ACTION... [-- COMMAND...]
 * With a command: runs it on a new terminal (SOCKET is "-"). Without: listens on SOCKET as a manager does, and is at the terminal whose
 * master arrives. Actions, one after the other: `see:TEXT` waits for the text, behind what was seen before; `type:TEXT`; `size:LINESxCOLUMNS`;
 * `end:` waits for the end. Prints all that came, and "status N" of the command; a text that does not come within ten seconds ends it all. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char text[1 << 20];
static size_t length, seen;
static int master;

static int fail(const char *what)
{
	printf("\nfailed: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Reads what comes within some time; 0: the end. */
static int more(int ms)
{
	struct pollfd wait = { master, POLLIN, 0 };
	if (poll(&wait, 1, ms) <= 0)
		return -1;
	ssize_t got = read(master, text + length, sizeof text - 1 - length);
	if (got <= 0)
		return 0;
	length += (size_t)got;
	text[length] = 0;
	return 1;
}

static int see(const char *want)
{
	for (int tries = 0; tries < 100; tries++) {
		char *at = strstr(text + seen, want);
		if (at) {
			seen = (size_t)(at - text) + strlen(want);
			return 1;
		}
		if (more(100) == 0)
			return 0;
	}
	return 0;
}

static int fromSocket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char payload[4096], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { payload, sizeof payload };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	int fd = -1, server = socket(AF_UNIX, SOCK_STREAM, 0);
	/* Its name appears once it listens. */
	snprintf(address.sun_path, sizeof address.sun_path, "%s~", path);
	if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 1) < 0 || rename(address.sun_path, path) < 0)
		return -1;
	int client = accept(server, NULL, NULL);
	if (recvmsg(client, &message, 0) > 0 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct winsize size = { 24, 80, 0, 0 };
	pid_t child = 0;
	int last = 2;
	while (last < argc && strcmp(argv[last], "--"))
		last++;
	alarm(60); /* never outlives its test */
	if (last < argc) {
		master = posix_openpt(O_RDWR | O_NOCTTY);
		if (master < 0 || grantpt(master) || unlockpt(master) || ioctl(master, TIOCSWINSZ, &size))
			return fail("pty");
		child = fork();
		if (child == 0) {
			setsid();
			int fd = open(ptsname(master), O_RDWR);
			ioctl(fd, TIOCSCTTY, 0);
			for (int target = 0; target < 3; target++)
				dup2(fd, target);
			close(fd);
			close(master);
			execvp(argv[last + 1], argv + last + 1);
			_exit(126);
		}
	} else {
		master = fromSocket(argv[1]);
		if (master < 0 || ioctl(master, TIOCSWINSZ, &size))
			return fail("socket");
	}
	for (int at = 2; at < last; at++) {
		char *value = strchr(argv[at], ':') + 1;
		if (!strncmp(argv[at], "see:", 4) && !see(value)) {
			printf("%s\nmissing: %s\n", text, value);
			if (child)
				kill(child, SIGKILL);
			return 1;
		}
		if (!strncmp(argv[at], "type:", 5) && write(master, value, strlen(value)) < 0)
			return fail("type");
		if (!strncmp(argv[at], "size:", 5)) {
			sscanf(value, "%hux%hu", &size.ws_row, &size.ws_col);
			if (ioctl(master, TIOCSWINSZ, &size))
				return fail("size");
		}
		if (!strncmp(argv[at], "end:", 4))
			for (int tries = 0; tries < 100 && more(100); tries++)
				;
	}
	int status = 0;
	if (child)
		waitpid(child, &status, 0);
	while (more(0) == 1)
		;
	printf("%s\n", text);
	if (child)
		printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
