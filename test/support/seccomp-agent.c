/* An agent of SCMP_ACT_NOTIFY: listens, takes one container process state with its listener, and answers what the container asks.
 *     seccomp-agent SOCKET
 * Prints "state: <JSON>", "descriptors: <count>", then a line for each notification: mkdir is refused with ENOSPC, everything else goes
 * on. Ends when the last filtered process has. */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

static int is_mkdir(int number)
{
#ifdef SYS_mkdir
	if (number == SYS_mkdir)
		return 1;
#endif
	return number == SYS_mkdirat;
}

int main(int argc, char **argv)
{
	static char payload[1 << 18];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec part = { payload, sizeof payload - 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	if (argc != 2 || strlen(argv[1]) + 1 >= sizeof address.sun_path)
		return 2;
	alarm(30); /* never outlives its test */
	/* Its name appears once it listens. */
	strcat(strcpy(address.sun_path, argv[1]), "~");
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 1) < 0 || rename(address.sun_path, argv[1]) < 0)
		return fail("listen");
	int client = accept(server, NULL, NULL);
	ssize_t length = recvmsg(client, &message, 0), more;
	if (length < 0)
		return fail("recvmsg");
	while ((more = read(client, payload + length, sizeof payload - 1 - length)) > 0)
		length += more;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return fail("no descriptor");
	int listener;
	memcpy(&listener, CMSG_DATA(header), sizeof listener);
	dprintf(1, "state: %.*s\ndescriptors: %zu\n", (int)length, payload, (header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	for (;;) {
		struct pollfd wait = { listener, POLLIN, 0 };
		if (poll(&wait, 1, -1) < 0)
			return fail("poll");
		if (!(wait.revents & POLLIN))
			break;
		struct seccomp_notif asked;
		struct seccomp_notif_resp answer;
		memset(&asked, 0, sizeof asked);
		memset(&answer, 0, sizeof answer);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0) {
			if (errno == ENOENT || errno == EINTR)
				continue;
			return fail("receive");
		}
		answer.id = asked.id;
		if (is_mkdir(asked.data.nr))
			answer.error = -ENOSPC;
		else
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		dprintf(1, "%s\n", answer.error ? "mkdir refused" : "another call goes on");
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0 && errno != ENOENT)
			return fail("answer");
	}
	dprintf(1, "end\n");
	return 0;
}
