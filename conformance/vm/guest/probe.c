/* The guests' static test program: what busybox cannot do. One sub-command each, one line of output. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* hold BYTES: touches that much memory, says so, stays. */
static int hold(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return printf("mmap %s\n", strerror(errno)), 1;
	memset(memory, 1, bytes);
	printf("held %zu\n", bytes);
	fflush(stdout);
	pause();
	return 0;
}

/* hugepages COUNT: maps and touches 2 MiB pages one by one; a limit ends it with SIGBUS or ENOMEM. */
static int hugepages(size_t count)
{
	size_t page = (size_t)2 << 20;
	for (size_t made = 0; made < count; made++) {
		char *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (memory == MAP_FAILED)
			return printf("page %zu: %s\n", made + 1, strerror(errno)), 1;
		printf("mapped %zu\n", made + 1);
		fflush(stdout);
		*memory = 1;
		printf("touched %zu\n", made + 1);
		fflush(stdout);
	}
	return 0;
}

/* read FILE BYTES: reads past the page cache and prints the milliseconds that it took. */
static int timed_read(const char *path, size_t bytes)
{
	struct timespec from, to;
	void *buffer;
	int fd = open(path, O_RDONLY | O_DIRECT);
	if (fd < 0 || posix_memalign(&buffer, 4096, 65536) != 0)
		return printf("open %s\n", strerror(errno)), 1;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (size_t done = 0; done < bytes; done += 65536)
		if (read(fd, buffer, 65536) != 65536)
			return printf("read %s\n", strerror(errno)), 1;
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%ld\n", (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000);
	return 0;
}

int main(int count, char **words)
{
	if (count == 3 && strcmp(words[1], "hold") == 0)
		return hold(strtoull(words[2], NULL, 10));
	if (count == 3 && strcmp(words[1], "hugepages") == 0)
		return hugepages(strtoull(words[2], NULL, 10));
	if (count == 4 && strcmp(words[1], "read") == 0)
		return timed_read(words[2], strtoull(words[3], NULL, 10));
	fprintf(stderr, "probe hold BYTES | hugepages COUNT | read FILE BYTES\n");
	return 2;
}
