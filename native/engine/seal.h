#ifndef TSRUNC_SEAL_H
#define TSRUNC_SEAL_H

/*
 * exe.3: when a word of argv is create, run, exec or restore, goes on from a read-only copy of this executable, because a process of ours
 * then enters a container and /proc/PID/exe must not lead to the host's file (CVE-2019-5736). Returns when there is nothing to do.
 */
void tsr_seal_self(char **argv, char **envp);

#endif
