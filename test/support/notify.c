/* Both sides of sd_notify(3).
 *     notify listen SOCKET    a service manager: prints each datagram with its line ends as spaces, and closes what came with it
 *     notify send TEXT...     a service: sends each text to $NOTIFY_SOCKET */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

static socklen_t name(struct sockaddr_un *address, const char *path)
{
	address->sun_family = AF_UNIX;
	strncpy(address->sun_path, path, sizeof address->sun_path - 1);
	if (*path != '@')
		return sizeof *address;
	address->sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static int take(int server)
{
	char text[4097], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { text, sizeof text - 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	ssize_t length = recvmsg(server, &message, 0);
	if (length < 0)
		return fail("recvmsg");
	text[length] = 0;
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = ' ';
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = -1;
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	printf("%s%s\n", text, fd < 0 ? "" : "+fd");
	fflush(stdout);
	if (fd >= 0)
		close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	alarm(60); /* never outlives its test for long */
	if (argc == 3 && !strcmp(argv[1], "listen")) {
		if (bind(fd, (struct sockaddr *)&address, name(&address, argv[2])) < 0)
			return fail("bind");
		puts("listening");
		fflush(stdout);
		while (!take(fd))
			;
		return 1;
	}
	const char *socket_path = getenv("NOTIFY_SOCKET");
	if (argc < 3 || strcmp(argv[1], "send") || !socket_path)
		return 2;
	for (int i = 2; i < argc; i++)
		if (sendto(fd, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&address, name(&address, socket_path)) < 0)
			return fail("sendto");
	return 0;
}
