/* A manager's side of --pidfd-socket: listens, takes one pidfd, prints its payload and the pid that it stands for.
 *     pidfd-receiver SOCKET */
#include <errno.h>
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

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char payload[4096], control[CMSG_SPACE(sizeof(int))], path[64], line[256];
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
	ssize_t length = recvmsg(client, &message, 0);
	if (length < 0)
		return fail("recvmsg");
	payload[length] = 0;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
		return fail("no descriptor");
	int pidfd;
	memcpy(&pidfd, CMSG_DATA(header), sizeof pidfd);
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	FILE *info = fopen(path, "r");
	while (info && fgets(line, sizeof line, info))
		if (!strncmp(line, "Pid:", 4)) {
			printf("%s %d\n", payload, atoi(line + 4));
			return 0;
		}
	return fail("no pidfd");
}
