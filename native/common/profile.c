/*
 * The profiling build only (-DTSR_PROFILE): when each system call began and ended, in every process of a command, in one shared file that the
 * variable TSRUNC_PROFILE names. bench/profile.mjs reads it. The file's first record counts the records; all are 40 bytes.
 */
#include "profile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define RECORDS (1 << 12)

static struct tsr_profile *records;

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

__attribute__((constructor)) static void open_profile(void)
{
	const char *path = getenv("TSRUNC_PROFILE");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0 || ftruncate(file, RECORDS * sizeof *records) != 0)
		return;
	records = mmap(NULL, RECORDS * sizeof *records, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
	close(file);
	if (records == MAP_FAILED)
		records = NULL;
	else
		tsr_profile_end(tsr_profile_begin(-1), 0);
}

struct tsr_profile *tsr_profile_begin(int64_t number)
{
	if (records == NULL)
		return NULL;
	int64_t at = __atomic_add_fetch(&records[0].number, 1, __ATOMIC_RELAXED);
	if (at >= RECORDS)
		return NULL;
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	records[at] = (struct tsr_profile){ number, now(), 0, 0, (int32_t)getpid(), used.ru_minflt };
	return &records[at];
}

void tsr_profile_end(struct tsr_profile *record, int64_t result)
{
	/* A clone returns twice; the record is the parent's. */
	if (record == NULL || record->pid != (int32_t)getpid())
		return;
	record->result = (int32_t)result;
	record->end = now();
}
