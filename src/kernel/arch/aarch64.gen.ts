// Written by native/generate/write.mjs from native/generate/names.txt and kernel headers. Do not edit.

export const ARCH = "aarch64";

// system calls that both architectures have
export const SYS_accept = 202;
export const SYS_accept4 = 242;
export const SYS_acct = 89;
export const SYS_add_key = 217;
export const SYS_adjtimex = 171;
export const SYS_bind = 200;
export const SYS_bpf = 280;
export const SYS_brk = 214;
export const SYS_capget = 90;
export const SYS_capset = 91;
export const SYS_chdir = 49;
export const SYS_chroot = 51;
export const SYS_clock_adjtime = 266;
export const SYS_clock_getres = 114;
export const SYS_clock_gettime = 113;
export const SYS_clock_nanosleep = 115;
export const SYS_clock_settime = 112;
export const SYS_clone = 220;
export const SYS_clone3 = 435;
export const SYS_close = 57;
export const SYS_close_range = 436;
export const SYS_connect = 203;
export const SYS_copy_file_range = 285;
export const SYS_delete_module = 106;
export const SYS_dup = 23;
export const SYS_dup3 = 24;
export const SYS_epoll_create1 = 20;
export const SYS_epoll_ctl = 21;
export const SYS_epoll_pwait = 22;
export const SYS_epoll_pwait2 = 441;
export const SYS_eventfd2 = 19;
export const SYS_execve = 221;
export const SYS_execveat = 281;
export const SYS_exit = 93;
export const SYS_exit_group = 94;
export const SYS_faccessat = 48;
export const SYS_faccessat2 = 439;
export const SYS_fadvise64 = 223;
export const SYS_fallocate = 47;
export const SYS_fanotify_init = 262;
export const SYS_fanotify_mark = 263;
export const SYS_fchdir = 50;
export const SYS_fchmod = 52;
export const SYS_fchmodat = 53;
export const SYS_fchown = 55;
export const SYS_fchownat = 54;
export const SYS_fcntl = 25;
export const SYS_fdatasync = 83;
export const SYS_fgetxattr = 10;
export const SYS_finit_module = 273;
export const SYS_flistxattr = 13;
export const SYS_flock = 32;
export const SYS_fremovexattr = 16;
export const SYS_fsconfig = 431;
export const SYS_fsetxattr = 7;
export const SYS_fsmount = 432;
export const SYS_fsopen = 430;
export const SYS_fspick = 433;
export const SYS_fstat = 80;
export const SYS_fstatfs = 44;
export const SYS_fsync = 82;
export const SYS_ftruncate = 46;
export const SYS_futex = 98;
export const SYS_futex_waitv = 449;
export const SYS_get_mempolicy = 236;
export const SYS_get_robust_list = 100;
export const SYS_getcpu = 168;
export const SYS_getcwd = 17;
export const SYS_getdents64 = 61;
export const SYS_getegid = 177;
export const SYS_geteuid = 175;
export const SYS_getgid = 176;
export const SYS_getgroups = 158;
export const SYS_getitimer = 102;
export const SYS_getpeername = 205;
export const SYS_getpgid = 155;
export const SYS_getpid = 172;
export const SYS_getppid = 173;
export const SYS_getpriority = 141;
export const SYS_getrandom = 278;
export const SYS_getresgid = 150;
export const SYS_getresuid = 148;
export const SYS_getrlimit = 163;
export const SYS_getrusage = 165;
export const SYS_getsid = 156;
export const SYS_getsockname = 204;
export const SYS_getsockopt = 209;
export const SYS_gettid = 178;
export const SYS_gettimeofday = 169;
export const SYS_getuid = 174;
export const SYS_getxattr = 8;
export const SYS_init_module = 105;
export const SYS_inotify_add_watch = 27;
export const SYS_inotify_init1 = 26;
export const SYS_inotify_rm_watch = 28;
export const SYS_io_cancel = 3;
export const SYS_io_destroy = 1;
export const SYS_io_getevents = 4;
export const SYS_io_pgetevents = 292;
export const SYS_io_setup = 0;
export const SYS_io_submit = 2;
export const SYS_io_uring_enter = 426;
export const SYS_io_uring_register = 427;
export const SYS_io_uring_setup = 425;
export const SYS_ioctl = 29;
export const SYS_ioprio_get = 31;
export const SYS_ioprio_set = 30;
export const SYS_kcmp = 272;
export const SYS_kexec_file_load = 294;
export const SYS_kexec_load = 104;
export const SYS_keyctl = 219;
export const SYS_kill = 129;
export const SYS_landlock_add_rule = 445;
export const SYS_landlock_create_ruleset = 444;
export const SYS_landlock_restrict_self = 446;
export const SYS_lgetxattr = 9;
export const SYS_linkat = 37;
export const SYS_listen = 201;
export const SYS_listxattr = 11;
export const SYS_llistxattr = 12;
export const SYS_lremovexattr = 15;
export const SYS_lseek = 62;
export const SYS_lsetxattr = 6;
export const SYS_madvise = 233;
export const SYS_mbind = 235;
export const SYS_membarrier = 283;
export const SYS_memfd_create = 279;
export const SYS_memfd_secret = 447;
export const SYS_migrate_pages = 238;
export const SYS_mincore = 232;
export const SYS_mkdirat = 34;
export const SYS_mknodat = 33;
export const SYS_mlock = 228;
export const SYS_mlock2 = 284;
export const SYS_mlockall = 230;
export const SYS_mmap = 222;
export const SYS_mount = 40;
export const SYS_mount_setattr = 442;
export const SYS_move_mount = 429;
export const SYS_move_pages = 239;
export const SYS_mprotect = 226;
export const SYS_mq_getsetattr = 185;
export const SYS_mq_notify = 184;
export const SYS_mq_open = 180;
export const SYS_mq_timedreceive = 183;
export const SYS_mq_timedsend = 182;
export const SYS_mq_unlink = 181;
export const SYS_mremap = 216;
export const SYS_msgctl = 187;
export const SYS_msgget = 186;
export const SYS_msgrcv = 188;
export const SYS_msgsnd = 189;
export const SYS_msync = 227;
export const SYS_munlock = 229;
export const SYS_munlockall = 231;
export const SYS_munmap = 215;
export const SYS_name_to_handle_at = 264;
export const SYS_nanosleep = 101;
export const SYS_newfstatat = 79;
export const SYS_open_by_handle_at = 265;
export const SYS_open_tree = 428;
export const SYS_openat = 56;
export const SYS_openat2 = 437;
export const SYS_perf_event_open = 241;
export const SYS_personality = 92;
export const SYS_pidfd_getfd = 438;
export const SYS_pidfd_open = 434;
export const SYS_pidfd_send_signal = 424;
export const SYS_pipe2 = 59;
export const SYS_pivot_root = 41;
export const SYS_pkey_alloc = 289;
export const SYS_pkey_free = 290;
export const SYS_pkey_mprotect = 288;
export const SYS_ppoll = 73;
export const SYS_prctl = 167;
export const SYS_pread64 = 67;
export const SYS_preadv = 69;
export const SYS_preadv2 = 286;
export const SYS_prlimit64 = 261;
export const SYS_process_madvise = 440;
export const SYS_process_mrelease = 448;
export const SYS_process_vm_readv = 270;
export const SYS_process_vm_writev = 271;
export const SYS_pselect6 = 72;
export const SYS_ptrace = 117;
export const SYS_pwrite64 = 68;
export const SYS_pwritev = 70;
export const SYS_pwritev2 = 287;
export const SYS_quotactl = 60;
export const SYS_quotactl_fd = 443;
export const SYS_read = 63;
export const SYS_readahead = 213;
export const SYS_readlinkat = 78;
export const SYS_readv = 65;
export const SYS_reboot = 142;
export const SYS_recvfrom = 207;
export const SYS_recvmmsg = 243;
export const SYS_recvmsg = 212;
export const SYS_removexattr = 14;
export const SYS_renameat = 38;
export const SYS_renameat2 = 276;
export const SYS_request_key = 218;
export const SYS_rseq = 293;
export const SYS_rt_sigaction = 134;
export const SYS_rt_sigpending = 136;
export const SYS_rt_sigprocmask = 135;
export const SYS_rt_sigqueueinfo = 138;
export const SYS_rt_sigreturn = 139;
export const SYS_rt_sigsuspend = 133;
export const SYS_rt_sigtimedwait = 137;
export const SYS_rt_tgsigqueueinfo = 240;
export const SYS_sched_get_priority_max = 125;
export const SYS_sched_get_priority_min = 126;
export const SYS_sched_getaffinity = 123;
export const SYS_sched_getattr = 275;
export const SYS_sched_getparam = 121;
export const SYS_sched_getscheduler = 120;
export const SYS_sched_rr_get_interval = 127;
export const SYS_sched_setaffinity = 122;
export const SYS_sched_setattr = 274;
export const SYS_sched_setparam = 118;
export const SYS_sched_setscheduler = 119;
export const SYS_sched_yield = 124;
export const SYS_seccomp = 277;
export const SYS_semctl = 191;
export const SYS_semget = 190;
export const SYS_semop = 193;
export const SYS_semtimedop = 192;
export const SYS_sendfile = 71;
export const SYS_sendmmsg = 269;
export const SYS_sendmsg = 211;
export const SYS_sendto = 206;
export const SYS_set_mempolicy = 237;
export const SYS_set_mempolicy_home_node = 450;
export const SYS_set_robust_list = 99;
export const SYS_set_tid_address = 96;
export const SYS_setdomainname = 162;
export const SYS_setfsgid = 152;
export const SYS_setfsuid = 151;
export const SYS_setgid = 144;
export const SYS_setgroups = 159;
export const SYS_sethostname = 161;
export const SYS_setitimer = 103;
export const SYS_setns = 268;
export const SYS_setpgid = 154;
export const SYS_setpriority = 140;
export const SYS_setregid = 143;
export const SYS_setresgid = 149;
export const SYS_setresuid = 147;
export const SYS_setreuid = 145;
export const SYS_setrlimit = 164;
export const SYS_setsid = 157;
export const SYS_setsockopt = 208;
export const SYS_settimeofday = 170;
export const SYS_setuid = 146;
export const SYS_setxattr = 5;
export const SYS_shmat = 196;
export const SYS_shmctl = 195;
export const SYS_shmdt = 197;
export const SYS_shmget = 194;
export const SYS_shutdown = 210;
export const SYS_sigaltstack = 132;
export const SYS_signalfd4 = 74;
export const SYS_socket = 198;
export const SYS_socketpair = 199;
export const SYS_splice = 76;
export const SYS_statfs = 43;
export const SYS_statx = 291;
export const SYS_swapoff = 225;
export const SYS_swapon = 224;
export const SYS_symlinkat = 36;
export const SYS_sync = 81;
export const SYS_sync_file_range = 84;
export const SYS_syncfs = 267;
export const SYS_sysinfo = 179;
export const SYS_syslog = 116;
export const SYS_tee = 77;
export const SYS_tgkill = 131;
export const SYS_timer_create = 107;
export const SYS_timer_delete = 111;
export const SYS_timer_getoverrun = 109;
export const SYS_timer_gettime = 108;
export const SYS_timer_settime = 110;
export const SYS_timerfd_create = 85;
export const SYS_timerfd_gettime = 87;
export const SYS_timerfd_settime = 86;
export const SYS_times = 153;
export const SYS_tkill = 130;
export const SYS_truncate = 45;
export const SYS_umask = 166;
export const SYS_umount2 = 39;
export const SYS_uname = 160;
export const SYS_unlinkat = 35;
export const SYS_unshare = 97;
export const SYS_userfaultfd = 282;
export const SYS_utimensat = 88;
export const SYS_vhangup = 58;
export const SYS_vmsplice = 75;
export const SYS_wait4 = 260;
export const SYS_waitid = 95;
export const SYS_write = 64;
export const SYS_writev = 66;
export const SYS_cachestat = 451;
export const SYS_fchmodat2 = 452;
export const SYS_map_shadow_stack = 453;
export const SYS_futex_wake = 454;
export const SYS_futex_wait = 455;
export const SYS_futex_requeue = 456;
export const SYS_statmount = 457;
export const SYS_listmount = 458;
export const SYS_lsm_get_self_attr = 459;
export const SYS_lsm_set_self_attr = 460;
export const SYS_lsm_list_modules = 461;
export const SYS_mseal = 462;
export const SYS_setxattrat = 463;
export const SYS_getxattrat = 464;
export const SYS_listxattrat = 465;
export const SYS_removexattrat = 466;
export const SYS_open_tree_attr = 467;
export const SYS_file_getattr = 468;
export const SYS_file_setattr = 469;

// mount(2), umount2(2)
export const MS_BIND = 0x1000;
export const MS_DIRSYNC = 0x80;
export const MS_I_VERSION = 0x800000;
export const MS_LAZYTIME = 0x2000000;
export const MS_MANDLOCK = 0x40;
export const MS_MOVE = 0x2000;
export const MS_NOATIME = 0x400;
export const MS_NODEV = 0x4;
export const MS_NODIRATIME = 0x800;
export const MS_NOEXEC = 0x8;
export const MS_NOSUID = 0x2;
export const MS_NOSYMFOLLOW = 0x100;
export const MS_POSIXACL = 0x10000;
export const MS_PRIVATE = 0x40000;
export const MS_RDONLY = 0x1;
export const MS_REC = 0x4000;
export const MS_RELATIME = 0x200000;
export const MS_REMOUNT = 0x20;
export const MS_SHARED = 0x100000;
export const MS_SILENT = 0x8000;
export const MS_SLAVE = 0x80000;
export const MS_STRICTATIME = 0x1000000;
export const MS_SYNCHRONOUS = 0x10;
export const MS_UNBINDABLE = 0x20000;
export const MNT_FORCE = 0x1;
export const MNT_DETACH = 0x2;
export const MNT_EXPIRE = 0x4;
export const UMOUNT_NOFOLLOW = 0x8;

// mount api: open_tree, move_mount, fsopen, fsconfig, fsmount, mount_setattr, statmount
export const OPEN_TREE_CLONE = 0x1;
export const OPEN_TREE_CLOEXEC = 0x80000;
export const MOVE_MOUNT_F_AUTOMOUNTS = 0x2;
export const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
export const MOVE_MOUNT_F_SYMLINKS = 0x1;
export const MOVE_MOUNT_SET_GROUP = 0x100;
export const MOVE_MOUNT_T_AUTOMOUNTS = 0x20;
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
export const MOVE_MOUNT_T_SYMLINKS = 0x10;
export const MOVE_MOUNT_BENEATH = 0x200;
export const FSOPEN_CLOEXEC = 0x1;
export const FSMOUNT_CLOEXEC = 0x1;
export const FSPICK_CLOEXEC = 0x1;
export const FSPICK_EMPTY_PATH = 0x8;
export const FSPICK_NO_AUTOMOUNT = 0x4;
export const FSPICK_SYMLINK_NOFOLLOW = 0x2;
export const FSCONFIG_SET_FLAG = 0x0;
export const FSCONFIG_SET_STRING = 0x1;
export const FSCONFIG_SET_BINARY = 0x2;
export const FSCONFIG_SET_PATH = 0x3;
export const FSCONFIG_SET_PATH_EMPTY = 0x4;
export const FSCONFIG_SET_FD = 0x5;
export const FSCONFIG_CMD_CREATE = 0x6;
export const FSCONFIG_CMD_RECONFIGURE = 0x7;
export const FSCONFIG_CMD_CREATE_EXCL = 0x8;
export const MOUNT_ATTR_IDMAP = 0x100000;
export const MOUNT_ATTR_NOATIME = 0x10;
export const MOUNT_ATTR_NODEV = 0x4;
export const MOUNT_ATTR_NODIRATIME = 0x80;
export const MOUNT_ATTR_NOEXEC = 0x8;
export const MOUNT_ATTR_NOSUID = 0x2;
export const MOUNT_ATTR_NOSYMFOLLOW = 0x200000;
export const MOUNT_ATTR_RDONLY = 0x1;
export const MOUNT_ATTR_RELATIME = 0x0;
export const MOUNT_ATTR_SIZE_VER0 = 0x20;
export const MOUNT_ATTR_STRICTATIME = 0x20;
export const MOUNT_ATTR__ATIME = 0x70;
export const MNT_ID_REQ_SIZE_VER0 = 0x18;
export const MNT_ID_REQ_SIZE_VER1 = 0x20;
export const STATMOUNT_SB_BASIC = 0x1;
export const STATMOUNT_MNT_BASIC = 0x2;
export const STATMOUNT_PROPAGATE_FROM = 0x4;
export const STATMOUNT_MNT_ROOT = 0x8;
export const STATMOUNT_MNT_POINT = 0x10;
export const STATMOUNT_FS_TYPE = 0x20;
export const STATMOUNT_MNT_NS_ID = 0x40;
export const STATMOUNT_MNT_OPTS = 0x80;
export const STATMOUNT_FS_SUBTYPE = 0x100;
export const STATMOUNT_SB_SOURCE = 0x200;
export const STATMOUNT_OPT_ARRAY = 0x400;
export const STATMOUNT_OPT_SEC_ARRAY = 0x800;
export const STATMOUNT_SUPPORTED_MASK = 0x1000;
export const STATMOUNT_MNT_UIDMAP = 0x2000;
export const STATMOUNT_MNT_GIDMAP = 0x4000;
export const LSMT_ROOT = 0xffffffffffffffffn;
export const LISTMOUNT_REVERSE = 0x1;

// clone, clone3, unshare, setns
export const CLONE_ARGS_SIZE_VER0 = 0x40;
export const CLONE_ARGS_SIZE_VER1 = 0x50;
export const CLONE_ARGS_SIZE_VER2 = 0x58;
export const CLONE_CHILD_CLEARTID = 0x200000;
export const CLONE_CHILD_SETTID = 0x1000000;
export const CLONE_CLEAR_SIGHAND = 0x100000000;
export const CLONE_FILES = 0x400;
export const CLONE_FS = 0x200;
export const CLONE_INTO_CGROUP = 0x200000000;
export const CLONE_IO = 0x80000000;
export const CLONE_NEWCGROUP = 0x2000000;
export const CLONE_NEWIPC = 0x8000000;
export const CLONE_NEWNET = 0x40000000;
export const CLONE_NEWNS = 0x20000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWTIME = 0x80;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWUTS = 0x4000000;
export const CLONE_PARENT = 0x8000;
export const CLONE_PARENT_SETTID = 0x100000;
export const CLONE_PIDFD = 0x1000;
export const CLONE_PTRACE = 0x2000;
export const CLONE_SETTLS = 0x80000;
export const CLONE_SIGHAND = 0x800;
export const CLONE_SYSVSEM = 0x40000;
export const CLONE_THREAD = 0x10000;
export const CLONE_UNTRACED = 0x800000;
export const CLONE_VFORK = 0x4000;
export const CLONE_VM = 0x100;
export const CSIGNAL = 0xff;

// open, openat2, at-calls: O_DIRECT, O_DIRECTORY, O_NOFOLLOW and O_LARGEFILE differ by architecture
export const O_ACCMODE = 0x3;
export const O_APPEND = 0x400;
export const O_CLOEXEC = 0x80000;
export const O_CREAT = 0x40;
export const O_DIRECT = 0x10000;
export const O_DIRECTORY = 0x4000;
export const O_DSYNC = 0x1000;
export const O_EXCL = 0x80;
export const O_LARGEFILE = 0x20000;
export const O_NOATIME = 0x40000;
export const O_NOCTTY = 0x100;
export const O_NOFOLLOW = 0x8000;
export const O_NONBLOCK = 0x800;
export const O_PATH = 0x200000;
export const O_RDONLY = 0x0;
export const O_RDWR = 0x2;
export const O_SYNC = 0x101000;
export const O_TMPFILE = 0x404000;
export const O_TRUNC = 0x200;
export const O_WRONLY = 0x1;
export const AT_EACCESS = 0x200;
export const AT_EMPTY_PATH = 0x1000;
export const AT_FDCWD = -100;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_RECURSIVE = 0x8000;
export const AT_REMOVEDIR = 0x200;
export const AT_STATX_DONT_SYNC = 0x4000;
export const AT_STATX_FORCE_SYNC = 0x2000;
export const AT_STATX_SYNC_AS_STAT = 0x0;
export const AT_STATX_SYNC_TYPE = 0x6000;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_EXECVE_CHECK = 0x10000;
export const RESOLVE_BENEATH = 0x8;
export const RESOLVE_CACHED = 0x20;
export const RESOLVE_IN_ROOT = 0x10;
export const RESOLVE_NO_MAGICLINKS = 0x2;
export const RESOLVE_NO_SYMLINKS = 0x4;
export const RESOLVE_NO_XDEV = 0x1;
export const OPEN_HOW_SIZE_VER0 = 0x18;
export const F_OK = 0x0;
export const X_OK = 0x1;
export const W_OK = 0x2;
export const R_OK = 0x4;
export const S_IFBLK = 0x6000;
export const S_IFCHR = 0x2000;
export const S_IFDIR = 0x4000;
export const S_IFIFO = 0x1000;
export const S_IFLNK = 0xa000;
export const S_IFMT = 0xf000;
export const S_IFREG = 0x8000;
export const S_IFSOCK = 0xc000;
export const S_IRGRP = 0x20;
export const S_IROTH = 0x4;
export const S_IRUSR = 0x100;
export const S_IRWXG = 0x38;
export const S_IRWXO = 0x7;
export const S_IRWXU = 0x1c0;
export const S_ISGID = 0x400;
export const S_ISUID = 0x800;
export const S_ISVTX = 0x200;
export const S_IWGRP = 0x10;
export const S_IWOTH = 0x2;
export const S_IWUSR = 0x80;
export const S_IXGRP = 0x8;
export const S_IXOTH = 0x1;
export const S_IXUSR = 0x40;
export const RENAME_EXCHANGE = 0x2;
export const RENAME_NOREPLACE = 0x1;
export const RENAME_WHITEOUT = 0x4;
export const SEEK_CUR = 0x1;
export const SEEK_DATA = 0x3;
export const SEEK_END = 0x2;
export const SEEK_HOLE = 0x4;
export const SEEK_SET = 0x0;
export const CLOSE_RANGE_CLOEXEC = 0x4;
export const CLOSE_RANGE_UNSHARE = 0x2;

// statx and the layout of struct stat, in bytes
export const STATX_ATIME = 0x20;
export const STATX_ATTR_APPEND = 0x20;
export const STATX_ATTR_AUTOMOUNT = 0x1000;
export const STATX_ATTR_COMPRESSED = 0x4;
export const STATX_ATTR_DAX = 0x200000;
export const STATX_ATTR_ENCRYPTED = 0x800;
export const STATX_ATTR_IMMUTABLE = 0x10;
export const STATX_ATTR_MOUNT_ROOT = 0x2000;
export const STATX_ATTR_NODUMP = 0x40;
export const STATX_ATTR_VERITY = 0x100000;
export const STATX_BASIC_STATS = 0x7ff;
export const STATX_BLOCKS = 0x400;
export const STATX_BTIME = 0x800;
export const STATX_CTIME = 0x80;
export const STATX_DIOALIGN = 0x2000;
export const STATX_GID = 0x10;
export const STATX_INO = 0x100;
export const STATX_MNT_ID = 0x1000;
export const STATX_MODE = 0x2;
export const STATX_MTIME = 0x40;
export const STATX_NLINK = 0x4;
export const STATX_SIZE = 0x200;
export const STATX_TYPE = 0x1;
export const STATX_UID = 0x8;
export const STATX__RESERVED = 0x80000000;
export const STATX_MNT_ID_UNIQUE = 0x4000;
export const STATX_SUBVOL = 0x8000;
export const STATX_ATTR_WRITE_ATOMIC = 0x400000;
export const STAT_SIZE = 0x80;
export const STAT_DEV_OFFSET = 0x0;
export const STAT_INO_OFFSET = 0x8;
export const STAT_MODE_OFFSET = 0x10;
export const STAT_NLINK_OFFSET = 0x14;
export const STAT_UID_OFFSET = 0x18;
export const STAT_GID_OFFSET = 0x1c;
export const STAT_RDEV_OFFSET = 0x20;
export const STAT_SIZE_OFFSET = 0x30;

// fcntl, flock, memfd
export const FD_CLOEXEC = 0x1;
export const F_DUPFD = 0x0;
export const F_DUPFD_CLOEXEC = 0x406;
export const F_GETFD = 0x1;
export const F_SETFD = 0x2;
export const F_GETFL = 0x3;
export const F_SETFL = 0x4;
export const F_GETLK = 0x5;
export const F_SETLK = 0x6;
export const F_SETLKW = 0x7;
export const F_OFD_GETLK = 0x24;
export const F_OFD_SETLK = 0x25;
export const F_OFD_SETLKW = 0x26;
export const F_RDLCK = 0x0;
export const F_WRLCK = 0x1;
export const F_UNLCK = 0x2;
export const F_GETPIPE_SZ = 0x408;
export const F_SETPIPE_SZ = 0x407;
export const F_SETOWN = 0x8;
export const F_GETOWN = 0x9;
export const F_ADD_SEALS = 0x409;
export const F_GET_SEALS = 0x40a;
export const F_SEAL_SEAL = 0x1;
export const F_SEAL_SHRINK = 0x2;
export const F_SEAL_GROW = 0x4;
export const F_SEAL_WRITE = 0x8;
export const F_SEAL_FUTURE_WRITE = 0x10;
export const F_SEAL_EXEC = 0x20;
export const F_DUPFD_QUERY = 0x403;
export const F_CREATED_QUERY = 0x404;
export const LOCK_SH = 0x1;
export const LOCK_EX = 0x2;
export const LOCK_NB = 0x4;
export const LOCK_UN = 0x8;
export const MFD_CLOEXEC = 0x1;
export const MFD_ALLOW_SEALING = 0x2;
export const MFD_HUGETLB = 0x4;
export const MFD_NOEXEC_SEAL = 0x8;
export const MFD_EXEC = 0x10;

// mmap
export const PROT_NONE = 0x0;
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const PROT_EXEC = 0x4;
export const MAP_SHARED = 0x1;
export const MAP_PRIVATE = 0x2;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_GROWSDOWN = 0x100;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;
export const MAP_STACK = 0x20000;
export const MAP_FIXED_NOREPLACE = 0x100000;

// signals; SIGRTMIN is libc's, which keeps the kernel's first two for itself
export const SIGABRT = 6;
export const SIGALRM = 14;
export const SIGBUS = 7;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGFPE = 8;
export const SIGHUP = 1;
export const SIGILL = 4;
export const SIGINT = 2;
export const SIGIO = 29;
export const SIGKILL = 9;
export const SIGPIPE = 13;
export const SIGPROF = 27;
export const SIGPWR = 30;
export const SIGQUIT = 3;
export const SIGSEGV = 11;
export const SIGSTKFLT = 16;
export const SIGSTOP = 19;
export const SIGSYS = 31;
export const SIGTERM = 15;
export const SIGTRAP = 5;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGURG = 23;
export const SIGUSR1 = 10;
export const SIGUSR2 = 12;
export const SIGVTALRM = 26;
export const SIGWINCH = 28;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGIOT = 6;
export const SIGPOLL = 29;
export const SIGRTMIN = 34;
export const SIGRTMAX = 64;
export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;
export const SIG_DFL = 0;
export const SIG_IGN = 1;

// signal actions, signalfd, poll, epoll, eventfd, timerfd, inotify
export const SA_NOCLDSTOP = 0x1;
export const SA_NOCLDWAIT = 0x2;
export const SA_SIGINFO = 0x4;
export const SA_ONSTACK = 0x8000000;
export const SA_RESTART = 0x10000000;
export const SA_NODEFER = 0x40000000;
export const SA_RESETHAND = 0x80000000;
export const SA_RESTORER = 0x4000000;
export const SFD_CLOEXEC = 0x80000;
export const SFD_NONBLOCK = 0x800;
export const POLLIN = 0x1;
export const POLLPRI = 0x2;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;
export const POLLRDHUP = 0x2000;
export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLEXCLUSIVE = 0x10000000;
export const EPOLLONESHOT = 0x40000000;
export const EPOLLET = 0x80000000;
export const EPOLL_CLOEXEC = 0x80000;
export const EPOLL_CTL_ADD = 0x1;
export const EPOLL_CTL_DEL = 0x2;
export const EPOLL_CTL_MOD = 0x3;
export const EPOLL_EVENT_SIZE = 0x10;
export const EPOLL_EVENT_DATA_OFFSET = 0x8;
export const EFD_SEMAPHORE = 0x1;
export const EFD_CLOEXEC = 0x80000;
export const EFD_NONBLOCK = 0x800;
export const TFD_CLOEXEC = 0x80000;
export const TFD_NONBLOCK = 0x800;
export const TFD_TIMER_ABSTIME = 0x1;
export const IN_ACCESS = 0x1;
export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_CLOSE_WRITE = 0x8;
export const IN_CLOSE_NOWRITE = 0x10;
export const IN_OPEN = 0x20;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_UNMOUNT = 0x2000;
export const IN_Q_OVERFLOW = 0x4000;
export const IN_IGNORED = 0x8000;
export const IN_ONLYDIR = 0x1000000;
export const IN_DONT_FOLLOW = 0x2000000;
export const IN_MASK_ADD = 0x20000000;
export const IN_ISDIR = 0x40000000;
export const IN_ONESHOT = 0x80000000;
export const IN_CLOEXEC = 0x80000;
export const IN_NONBLOCK = 0x800;

// wait, pidfd
export const WNOHANG = 0x1;
export const WUNTRACED = 0x2;
export const WSTOPPED = 0x2;
export const WEXITED = 0x4;
export const WCONTINUED = 0x8;
export const WNOWAIT = 0x1000000;
export const __WNOTHREAD = 0x20000000;
export const __WALL = 0x40000000;
export const __WCLONE = 0x80000000;
export const P_ALL = 0x0;
export const P_PID = 0x1;
export const P_PGID = 0x2;
export const P_PIDFD = 0x3;
export const CLD_EXITED = 0x1;
export const CLD_KILLED = 0x2;
export const CLD_DUMPED = 0x3;
export const CLD_TRAPPED = 0x4;
export const CLD_STOPPED = 0x5;
export const CLD_CONTINUED = 0x6;
export const PIDFD_NONBLOCK = 0x800;
export const PIDFD_THREAD = 0x80;
export const PIDFD_SIGNAL_THREAD = 0x1;
export const PIDFD_SIGNAL_THREAD_GROUP = 0x2;
export const PIDFD_SIGNAL_PROCESS_GROUP = 0x4;
export const PIDFD_GET_CGROUP_NAMESPACE = 0xff01;
export const PIDFD_GET_IPC_NAMESPACE = 0xff02;
export const PIDFD_GET_MNT_NAMESPACE = 0xff03;
export const PIDFD_GET_NET_NAMESPACE = 0xff04;
export const PIDFD_GET_PID_NAMESPACE = 0xff05;
export const PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE = 0xff06;
export const PIDFD_GET_TIME_NAMESPACE = 0xff07;
export const PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE = 0xff08;
export const PIDFD_GET_USER_NAMESPACE = 0xff09;
export const PIDFD_GET_UTS_NAMESPACE = 0xff0a;
export const PIDFD_INFO_SIZE_VER0 = 0x40;
export const PIDFD_GET_INFO = 0xc040ff0b;
export const PIDFD_INFO_PID = 0x1;
export const PIDFD_INFO_CREDS = 0x2;
export const PIDFD_INFO_CGROUPID = 0x4;
export const PIDFD_INFO_EXIT = 0x8;

// prctl, securebits
export const PR_CAPBSET_DROP = 0x18;
export const PR_CAPBSET_READ = 0x17;
export const PR_CAP_AMBIENT = 0x2f;
export const PR_CAP_AMBIENT_CLEAR_ALL = 0x4;
export const PR_CAP_AMBIENT_IS_SET = 0x1;
export const PR_CAP_AMBIENT_LOWER = 0x3;
export const PR_CAP_AMBIENT_RAISE = 0x2;
export const PR_GET_CHILD_SUBREAPER = 0x25;
export const PR_GET_DUMPABLE = 0x3;
export const PR_GET_IO_FLUSHER = 0x3a;
export const PR_GET_KEEPCAPS = 0x7;
export const PR_GET_NAME = 0x10;
export const PR_GET_NO_NEW_PRIVS = 0x27;
export const PR_GET_PDEATHSIG = 0x2;
export const PR_GET_SECCOMP = 0x15;
export const PR_GET_SECUREBITS = 0x1b;
export const PR_GET_SPECULATION_CTRL = 0x34;
export const PR_GET_THP_DISABLE = 0x2a;
export const PR_GET_TID_ADDRESS = 0x28;
export const PR_GET_TIMERSLACK = 0x1e;
export const PR_SCHED_CORE = 0x3e;
export const PR_SCHED_CORE_CREATE = 0x1;
export const PR_SCHED_CORE_GET = 0x0;
export const PR_SCHED_CORE_MAX = 0x4;
export const PR_SCHED_CORE_SCOPE_PROCESS_GROUP = 0x2;
export const PR_SCHED_CORE_SCOPE_THREAD = 0x0;
export const PR_SCHED_CORE_SCOPE_THREAD_GROUP = 0x1;
export const PR_SCHED_CORE_SHARE_FROM = 0x3;
export const PR_SCHED_CORE_SHARE_TO = 0x2;
export const PR_SET_CHILD_SUBREAPER = 0x24;
export const PR_SET_DUMPABLE = 0x4;
export const PR_SET_IO_FLUSHER = 0x39;
export const PR_SET_KEEPCAPS = 0x8;
export const PR_SET_MM = 0x23;
export const PR_SET_MM_ARG_END = 0x9;
export const PR_SET_MM_ARG_START = 0x8;
export const PR_SET_MM_AUXV = 0xc;
export const PR_SET_MM_BRK = 0x7;
export const PR_SET_MM_END_CODE = 0x2;
export const PR_SET_MM_END_DATA = 0x4;
export const PR_SET_MM_ENV_END = 0xb;
export const PR_SET_MM_ENV_START = 0xa;
export const PR_SET_MM_EXE_FILE = 0xd;
export const PR_SET_MM_MAP = 0xe;
export const PR_SET_MM_MAP_SIZE = 0xf;
export const PR_SET_MM_START_BRK = 0x6;
export const PR_SET_MM_START_CODE = 0x1;
export const PR_SET_MM_START_DATA = 0x3;
export const PR_SET_MM_START_STACK = 0x5;
export const PR_SET_NAME = 0xf;
export const PR_SET_NO_NEW_PRIVS = 0x26;
export const PR_SET_PDEATHSIG = 0x1;
export const PR_SET_PTRACER = 0x59616d61;
export const PR_SET_SECCOMP = 0x16;
export const PR_SET_SECUREBITS = 0x1c;
export const PR_SET_SPECULATION_CTRL = 0x35;
export const PR_SET_THP_DISABLE = 0x29;
export const PR_SET_TIMERSLACK = 0x1d;
export const PR_SET_VMA = 0x53564d41;
export const PR_SET_VMA_ANON_NAME = 0x0;
export const PR_SPEC_DISABLE = 0x4;
export const PR_SPEC_DISABLE_NOEXEC = 0x10;
export const PR_SPEC_ENABLE = 0x2;
export const PR_SPEC_FORCE_DISABLE = 0x8;
export const PR_SPEC_INDIRECT_BRANCH = 0x1;
export const PR_SPEC_L1D_FLUSH = 0x2;
export const PR_SPEC_NOT_AFFECTED = 0x0;
export const PR_SPEC_PRCTL = 0x1;
export const PR_SPEC_STORE_BYPASS = 0x0;
export const PR_SET_MDWE = 0x41;
export const PR_GET_MDWE = 0x42;
export const PR_MDWE_REFUSE_EXEC_GAIN = 0x1;
export const PR_SET_MEMORY_MERGE = 0x43;
export const PR_GET_MEMORY_MERGE = 0x44;
export const PR_GET_AUXV = 0x41555856;
export const SECBIT_KEEP_CAPS = 0x10;
export const SECBIT_KEEP_CAPS_LOCKED = 0x20;
export const SECBIT_NOROOT = 0x1;
export const SECBIT_NOROOT_LOCKED = 0x2;
export const SECBIT_NO_CAP_AMBIENT_RAISE = 0x40;
export const SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED = 0x80;
export const SECBIT_NO_SETUID_FIXUP = 0x4;
export const SECBIT_NO_SETUID_FIXUP_LOCKED = 0x8;
export const SECBIT_EXEC_RESTRICT_FILE = 0x100;
export const SECBIT_EXEC_RESTRICT_FILE_LOCKED = 0x200;
export const SECBIT_EXEC_DENY_INTERACTIVE = 0x400;
export const SECBIT_EXEC_DENY_INTERACTIVE_LOCKED = 0x800;

// capabilities
export const CAP_CHOWN = 0;
export const CAP_DAC_OVERRIDE = 1;
export const CAP_DAC_READ_SEARCH = 2;
export const CAP_FOWNER = 3;
export const CAP_FSETID = 4;
export const CAP_KILL = 5;
export const CAP_SETGID = 6;
export const CAP_SETUID = 7;
export const CAP_SETPCAP = 8;
export const CAP_LINUX_IMMUTABLE = 9;
export const CAP_NET_BIND_SERVICE = 10;
export const CAP_NET_BROADCAST = 11;
export const CAP_NET_ADMIN = 12;
export const CAP_NET_RAW = 13;
export const CAP_IPC_LOCK = 14;
export const CAP_IPC_OWNER = 15;
export const CAP_SYS_MODULE = 16;
export const CAP_SYS_RAWIO = 17;
export const CAP_SYS_CHROOT = 18;
export const CAP_SYS_PTRACE = 19;
export const CAP_SYS_PACCT = 20;
export const CAP_SYS_ADMIN = 21;
export const CAP_SYS_BOOT = 22;
export const CAP_SYS_NICE = 23;
export const CAP_SYS_RESOURCE = 24;
export const CAP_SYS_TIME = 25;
export const CAP_SYS_TTY_CONFIG = 26;
export const CAP_MKNOD = 27;
export const CAP_LEASE = 28;
export const CAP_AUDIT_WRITE = 29;
export const CAP_AUDIT_CONTROL = 30;
export const CAP_SETFCAP = 31;
export const CAP_MAC_OVERRIDE = 32;
export const CAP_MAC_ADMIN = 33;
export const CAP_SYSLOG = 34;
export const CAP_WAKE_ALARM = 35;
export const CAP_BLOCK_SUSPEND = 36;
export const CAP_AUDIT_READ = 37;
export const CAP_PERFMON = 38;
export const CAP_BPF = 39;
export const CAP_CHECKPOINT_RESTORE = 40;
export const CAP_LAST_CAP = 40;

// capset versions, file capabilities
export const _LINUX_CAPABILITY_VERSION_1 = 0x19980330;
export const _LINUX_CAPABILITY_VERSION_2 = 0x20071026;
export const _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
export const VFS_CAP_REVISION_2 = 0x2000000;
export const VFS_CAP_REVISION_3 = 0x3000000;
export const VFS_CAP_FLAGS_EFFECTIVE = 0x1;
export const XATTR_CREATE = 0x1;
export const XATTR_REPLACE = 0x2;

// resource limits
export const RLIMIT_AS = 9;
export const RLIMIT_CORE = 4;
export const RLIMIT_CPU = 0;
export const RLIMIT_DATA = 2;
export const RLIMIT_FSIZE = 1;
export const RLIMIT_LOCKS = 10;
export const RLIMIT_MEMLOCK = 8;
export const RLIMIT_MSGQUEUE = 12;
export const RLIMIT_NICE = 13;
export const RLIMIT_NOFILE = 7;
export const RLIMIT_NPROC = 6;
export const RLIMIT_RSS = 5;
export const RLIMIT_RTPRIO = 14;
export const RLIMIT_RTTIME = 15;
export const RLIMIT_SIGPENDING = 11;
export const RLIMIT_STACK = 3;
export const RLIM_NLIMITS = 16;
export const RLIM_INFINITY = 18446744073709551615n;

// keyrings
export const KEYCTL_CAPABILITIES = 0x1f;
export const KEYCTL_CHOWN = 0x4;
export const KEYCTL_CLEAR = 0x7;
export const KEYCTL_DESCRIBE = 0x6;
export const KEYCTL_GET_KEYRING_ID = 0x0;
export const KEYCTL_GET_PERSISTENT = 0x16;
export const KEYCTL_GET_SECURITY = 0x11;
export const KEYCTL_INVALIDATE = 0x15;
export const KEYCTL_JOIN_SESSION_KEYRING = 0x1;
export const KEYCTL_LINK = 0x8;
export const KEYCTL_MOVE = 0x1e;
export const KEYCTL_MOVE_EXCL = 0x1;
export const KEYCTL_READ = 0xb;
export const KEYCTL_RESTRICT_KEYRING = 0x1d;
export const KEYCTL_REVOKE = 0x3;
export const KEYCTL_SEARCH = 0xa;
export const KEYCTL_SESSION_TO_PARENT = 0x12;
export const KEYCTL_SETPERM = 0x5;
export const KEYCTL_SET_REQKEY_KEYRING = 0xe;
export const KEYCTL_SET_TIMEOUT = 0xf;
export const KEYCTL_UNLINK = 0x9;
export const KEYCTL_UPDATE = 0x2;
export const KEY_SPEC_GROUP_KEYRING = -6;
export const KEY_SPEC_PROCESS_KEYRING = -2;
export const KEY_SPEC_REQKEY_AUTH_KEY = -7;
export const KEY_SPEC_REQUESTOR_KEYRING = -8;
export const KEY_SPEC_SESSION_KEYRING = -3;
export const KEY_SPEC_THREAD_KEYRING = -1;
export const KEY_SPEC_USER_KEYRING = -4;
export const KEY_SPEC_USER_SESSION_KEYRING = -5;
export const KEY_POS_VIEW = 0x1000000;
export const KEY_POS_READ = 0x2000000;
export const KEY_POS_WRITE = 0x4000000;
export const KEY_POS_SEARCH = 0x8000000;
export const KEY_POS_LINK = 0x10000000;
export const KEY_POS_SETATTR = 0x20000000;
export const KEY_POS_ALL = 0x3f000000;
export const KEY_USR_VIEW = 0x10000;
export const KEY_USR_READ = 0x20000;
export const KEY_USR_WRITE = 0x40000;
export const KEY_USR_SEARCH = 0x80000;
export const KEY_USR_LINK = 0x100000;
export const KEY_USR_SETATTR = 0x200000;
export const KEY_USR_ALL = 0x3f0000;

// scheduling, io priority, memory policy, clocks
export const PRIO_MIN = -20;
export const PRIO_MAX = 0x14;
export const PRIO_PROCESS = 0x0;
export const PRIO_PGRP = 0x1;
export const PRIO_USER = 0x2;
export const IOPRIO_CLASS_SHIFT = 0xd;
export const IOPRIO_CLASS_MASK = 0x7;
export const IOPRIO_PRIO_MASK = 0x1fff;
export const IOPRIO_NR_LEVELS = 0x8;
export const IOPRIO_NORM = 0x4;
export const IOPRIO_CLASS_NONE = 0x0;
export const IOPRIO_CLASS_RT = 0x1;
export const IOPRIO_CLASS_BE = 0x2;
export const IOPRIO_CLASS_IDLE = 0x3;
export const IOPRIO_WHO_PROCESS = 0x1;
export const IOPRIO_WHO_PGRP = 0x2;
export const IOPRIO_WHO_USER = 0x3;
export const SCHED_NORMAL = 0x0;
export const SCHED_FIFO = 0x1;
export const SCHED_RR = 0x2;
export const SCHED_BATCH = 0x3;
export const SCHED_IDLE = 0x5;
export const SCHED_DEADLINE = 0x6;
export const SCHED_RESET_ON_FORK = 0x40000000;
export const SCHED_OTHER = 0x0;
export const SCHED_ISO = 0x4;
export const SCHED_EXT = 0x7;
export const SCHED_ATTR_SIZE_VER0 = 0x30;
export const SCHED_ATTR_SIZE_VER1 = 0x38;
export const SCHED_FLAG_DL_OVERRUN = 0x4;
export const SCHED_FLAG_KEEP_ALL = 0x18;
export const SCHED_FLAG_KEEP_PARAMS = 0x10;
export const SCHED_FLAG_KEEP_POLICY = 0x8;
export const SCHED_FLAG_RECLAIM = 0x2;
export const SCHED_FLAG_RESET_ON_FORK = 0x1;
export const SCHED_FLAG_UTIL_CLAMP = 0x60;
export const SCHED_FLAG_UTIL_CLAMP_MAX = 0x40;
export const SCHED_FLAG_UTIL_CLAMP_MIN = 0x20;
export const MPOL_DEFAULT = 0x0;
export const MPOL_PREFERRED = 0x1;
export const MPOL_BIND = 0x2;
export const MPOL_INTERLEAVE = 0x3;
export const MPOL_LOCAL = 0x4;
export const MPOL_PREFERRED_MANY = 0x5;
export const MPOL_WEIGHTED_INTERLEAVE = 0x6;
export const MPOL_F_STATIC_NODES = 0x8000;
export const MPOL_F_RELATIVE_NODES = 0x4000;
export const MPOL_F_NUMA_BALANCING = 0x2000;
export const MPOL_F_NODE = 0x1;
export const MPOL_F_ADDR = 0x2;
export const MPOL_F_MEMS_ALLOWED = 0x4;
export const CLOCK_REALTIME = 0x0;
export const CLOCK_MONOTONIC = 0x1;
export const CLOCK_PROCESS_CPUTIME_ID = 0x2;
export const CLOCK_THREAD_CPUTIME_ID = 0x3;
export const CLOCK_MONOTONIC_RAW = 0x4;
export const CLOCK_BOOTTIME = 0x7;

// personality
export const PER_LINUX = 0x0;
export const PER_LINUX32 = 0x8;
export const PER_LINUX_32BIT = 0x800000;
export const PER_MASK = 0xff;
export const UNAME26 = 0x20000;
export const ADDR_NO_RANDOMIZE = 0x40000;
export const MMAP_PAGE_ZERO = 0x100000;
export const ADDR_COMPAT_LAYOUT = 0x200000;
export const READ_IMPLIES_EXEC = 0x400000;
export const ADDR_LIMIT_32BIT = 0x800000;
export const ADDR_LIMIT_3GB = 0x8000000;
export const SHORT_INODE = 0x1000000;
export const WHOLE_SECONDS = 0x2000000;
export const STICKY_TIMEOUTS = 0x4000000;

// seccomp
export const SECCOMP_ADDFD_FLAG_SEND = 0x2;
export const SECCOMP_ADDFD_FLAG_SETFD = 0x1;
export const SECCOMP_FILTER_FLAG_LOG = 0x2;
export const SECCOMP_FILTER_FLAG_NEW_LISTENER = 0x8;
export const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 0x4;
export const SECCOMP_FILTER_FLAG_TSYNC = 0x1;
export const SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 0x10;
export const SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 0x20;
export const SECCOMP_GET_ACTION_AVAIL = 0x2;
export const SECCOMP_GET_NOTIF_SIZES = 0x3;
export const SECCOMP_IOCTL_NOTIF_ADDFD = 0x40182103;
export const SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102;
export const SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100;
export const SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101;
export const SECCOMP_MODE_DISABLED = 0x0;
export const SECCOMP_MODE_FILTER = 0x2;
export const SECCOMP_MODE_STRICT = 0x1;
export const SECCOMP_RET_ACTION = 0x7fff0000;
export const SECCOMP_RET_ACTION_FULL = 0xffff0000;
export const SECCOMP_RET_ALLOW = 0x7fff0000;
export const SECCOMP_RET_DATA = 0xffff;
export const SECCOMP_RET_ERRNO = 0x50000;
export const SECCOMP_RET_KILL = 0x0;
export const SECCOMP_RET_KILL_PROCESS = 0x80000000;
export const SECCOMP_RET_KILL_THREAD = 0x0;
export const SECCOMP_RET_LOG = 0x7ffc0000;
export const SECCOMP_RET_TRACE = 0x7ff00000;
export const SECCOMP_RET_TRAP = 0x30000;
export const SECCOMP_RET_USER_NOTIF = 0x7fc00000;
export const SECCOMP_SET_MODE_FILTER = 0x1;
export const SECCOMP_SET_MODE_STRICT = 0x0;
export const SECCOMP_USER_NOTIF_FLAG_CONTINUE = 0x1;
export const SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104;
export const SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 0x1;
export const SECCOMP_DATA_NR_OFFSET = 0x0;
export const SECCOMP_DATA_ARCH_OFFSET = 0x4;
export const SECCOMP_DATA_IP_OFFSET = 0x8;
export const SECCOMP_DATA_ARGS_OFFSET = 0x10;

// audit architectures
export const AUDIT_ARCH_AARCH64 = 0xc00000b7;
export const AUDIT_ARCH_ARM = 0x40000028;
export const AUDIT_ARCH_ARMEB = 0x28;
export const AUDIT_ARCH_CSKY = 0x400000fc;
export const AUDIT_ARCH_I386 = 0x40000003;
export const AUDIT_ARCH_LOONGARCH32 = 0x40000102;
export const AUDIT_ARCH_LOONGARCH64 = 0xc0000102;
export const AUDIT_ARCH_M68K = 0x4;
export const AUDIT_ARCH_MICROBLAZE = 0xbd;
export const AUDIT_ARCH_MIPS = 0x8;
export const AUDIT_ARCH_MIPS64 = 0x80000008;
export const AUDIT_ARCH_MIPS64N32 = 0xa0000008;
export const AUDIT_ARCH_MIPSEL = 0x40000008;
export const AUDIT_ARCH_MIPSEL64 = 0xc0000008;
export const AUDIT_ARCH_MIPSEL64N32 = 0xe0000008;
export const AUDIT_ARCH_NIOS2 = 0x40000071;
export const AUDIT_ARCH_OPENRISC = 0x5c;
export const AUDIT_ARCH_PARISC = 0xf;
export const AUDIT_ARCH_PARISC64 = 0x8000000f;
export const AUDIT_ARCH_PPC = 0x14;
export const AUDIT_ARCH_PPC64 = 0x80000015;
export const AUDIT_ARCH_PPC64LE = 0xc0000015;
export const AUDIT_ARCH_RISCV32 = 0x400000f3;
export const AUDIT_ARCH_RISCV64 = 0xc00000f3;
export const AUDIT_ARCH_S390 = 0x16;
export const AUDIT_ARCH_S390X = 0x80000016;
export const AUDIT_ARCH_SH = 0x2a;
export const AUDIT_ARCH_SH64 = 0x8000002a;
export const AUDIT_ARCH_SHEL = 0x4000002a;
export const AUDIT_ARCH_SHEL64 = 0xc000002a;
export const AUDIT_ARCH_SPARC = 0x2;
export const AUDIT_ARCH_SPARC64 = 0x8000002b;
export const AUDIT_ARCH_X86_64 = 0xc000003e;
export const AUDIT_ARCH_XTENSA = 0x5e;
export const __X32_SYSCALL_BIT = 0x40000000;

// bpf opcodes, classic and extended
export const BPF_A = 0x10;
export const BPF_ABS = 0x20;
export const BPF_ADD = 0x0;
export const BPF_ALU = 0x4;
export const BPF_ALU64 = 0x7;
export const BPF_AND = 0x50;
export const BPF_ARSH = 0xc0;
export const BPF_B = 0x10;
export const BPF_CALL = 0x80;
export const BPF_DIV = 0x30;
export const BPF_DW = 0x18;
export const BPF_END = 0xd0;
export const BPF_EXIT = 0x90;
export const BPF_H = 0x8;
export const BPF_IMM = 0x0;
export const BPF_IND = 0x40;
export const BPF_JA = 0x0;
export const BPF_JEQ = 0x10;
export const BPF_JGE = 0x30;
export const BPF_JGT = 0x20;
export const BPF_JLE = 0xb0;
export const BPF_JLT = 0xa0;
export const BPF_JMP = 0x5;
export const BPF_JMP32 = 0x6;
export const BPF_JNE = 0x50;
export const BPF_JSET = 0x40;
export const BPF_JSGE = 0x70;
export const BPF_JSGT = 0x60;
export const BPF_JSLE = 0xd0;
export const BPF_JSLT = 0xc0;
export const BPF_K = 0x0;
export const BPF_LD = 0x0;
export const BPF_LDX = 0x1;
export const BPF_LEN = 0x80;
export const BPF_LSH = 0x60;
export const BPF_MAXINSNS = 0x1000;
export const BPF_MEM = 0x60;
export const BPF_MEMWORDS = 0x10;
export const BPF_MISC = 0x7;
export const BPF_MOD = 0x90;
export const BPF_MOV = 0xb0;
export const BPF_MSH = 0xa0;
export const BPF_MUL = 0x20;
export const BPF_NEG = 0x80;
export const BPF_OR = 0x40;
export const BPF_RET = 0x6;
export const BPF_RSH = 0x70;
export const BPF_ST = 0x2;
export const BPF_STX = 0x3;
export const BPF_SUB = 0x10;
export const BPF_TAX = 0x0;
export const BPF_TXA = 0x80;
export const BPF_W = 0x0;
export const BPF_X = 0x8;
export const BPF_XOR = 0xa0;

// bpf(2)
export const BPF_PROG_LOAD = 0x5;
export const BPF_OBJ_PIN = 0x6;
export const BPF_OBJ_GET = 0x7;
export const BPF_PROG_ATTACH = 0x8;
export const BPF_PROG_DETACH = 0x9;
export const BPF_PROG_QUERY = 0x10;
export const BPF_PROG_GET_NEXT_ID = 0xb;
export const BPF_PROG_GET_FD_BY_ID = 0xd;
export const BPF_OBJ_GET_INFO_BY_FD = 0xf;
export const BPF_LINK_CREATE = 0x1c;
export const BPF_LINK_UPDATE = 0x1d;
export const BPF_PROG_TYPE_CGROUP_DEVICE = 0xf;
export const BPF_PROG_TYPE_CGROUP_SKB = 0x8;
export const BPF_CGROUP_DEVICE = 0x6;
export const BPF_F_ALLOW_OVERRIDE = 0x1;
export const BPF_F_ALLOW_MULTI = 0x2;
export const BPF_F_REPLACE = 0x4;
export const BPF_F_QUERY_EFFECTIVE = 0x1;
export const BPF_OBJ_NAME_LEN = 0x10;
export const BPF_DEVCG_ACC_MKNOD = 0x1;
export const BPF_DEVCG_ACC_READ = 0x2;
export const BPF_DEVCG_ACC_WRITE = 0x4;
export const BPF_DEVCG_DEV_BLOCK = 0x1;
export const BPF_DEVCG_DEV_CHAR = 0x2;
export const BPF_CGROUP_DEV_CTX_ACCESS_TYPE_OFFSET = 0x0;
export const BPF_CGROUP_DEV_CTX_MAJOR_OFFSET = 0x4;
export const BPF_CGROUP_DEV_CTX_MINOR_OFFSET = 0x8;

// sockets
export const AF_UNSPEC = 0x0;
export const AF_UNIX = 0x1;
export const AF_INET = 0x2;
export const AF_INET6 = 0xa;
export const AF_NETLINK = 0x10;
export const AF_PACKET = 0x11;
export const AF_VSOCK = 0x28;
export const SOCK_STREAM = 0x1;
export const SOCK_DGRAM = 0x2;
export const SOCK_RAW = 0x3;
export const SOCK_SEQPACKET = 0x5;
export const SOCK_CLOEXEC = 0x80000;
export const SOCK_NONBLOCK = 0x800;
export const SOL_NETLINK = 0x10e;
export const SCM_RIGHTS = 0x1;
export const SCM_CREDENTIALS = 0x2;
export const SCM_SECURITY = 0x3;
export const SCM_PIDFD = 0x4;
export const SHUT_RD = 0x0;
export const SHUT_WR = 0x1;
export const SHUT_RDWR = 0x2;
export const MSG_OOB = 0x1;
export const MSG_PEEK = 0x2;
export const MSG_CTRUNC = 0x8;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_EOR = 0x80;
export const MSG_WAITALL = 0x100;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const SOL_SOCKET = 0x1;
export const SO_TYPE = 0x3;
export const SO_ERROR = 0x4;
export const SO_SNDBUF = 0x7;
export const SO_RCVBUF = 0x8;
export const SO_SNDBUFFORCE = 0x20;
export const SO_RCVBUFFORCE = 0x21;
export const SO_PASSCRED = 0x10;
export const SO_PEERCRED = 0x11;
export const SO_ACCEPTCONN = 0x1e;
export const SO_PASSSEC = 0x22;
export const SO_PEERSEC = 0x1f;
export const SO_PEERGROUPS = 0x3b;
export const SO_PROTOCOL = 0x26;
export const SO_DOMAIN = 0x27;
export const SO_RCVTIMEO_OLD = 0x14;
export const SO_SNDTIMEO_OLD = 0x15;
export const SO_RCVTIMEO_NEW = 0x42;
export const SO_SNDTIMEO_NEW = 0x43;
export const SO_PASSPIDFD = 0x4c;
export const SO_PEERPIDFD = 0x4d;
export const UNIX_PATH_MAX = 0x6c;

// netlink, network devices
export const NETLINK_ROUTE = 0x0;
export const NETLINK_NETFILTER = 0xc;
export const NETLINK_EXT_ACK = 0xb;
export const NETLINK_GET_STRICT_CHK = 0xc;
export const NLMSG_NOOP = 0x1;
export const NLMSG_ERROR = 0x2;
export const NLMSG_DONE = 0x3;
export const NLMSG_OVERRUN = 0x4;
export const NLMSG_ALIGNTO = 0x4;
export const NLMSG_HDRLEN = 0x10;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_ECHO = 0x8;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
export const NLMSGERR_ATTR_MSG = 0x1;
export const NLMSGERR_ATTR_OFFS = 0x2;
export const RTM_NEWLINK = 0x10;
export const RTM_DELLINK = 0x11;
export const RTM_GETLINK = 0x12;
export const RTM_SETLINK = 0x13;
export const RTM_NEWADDR = 0x14;
export const RTM_DELADDR = 0x15;
export const RTM_GETADDR = 0x16;
export const RTM_NEWROUTE = 0x18;
export const RTM_DELROUTE = 0x19;
export const RTM_GETROUTE = 0x1a;
export const RTM_NEWNSID = 0x58;
export const RTM_GETNSID = 0x5a;
export const IFF_UP = 0x1;
export const IFF_BROADCAST = 0x2;
export const IFF_LOOPBACK = 0x8;
export const IFF_RUNNING = 0x40;
export const IFF_LOWER_UP = 0x10000;
export const IFNAMSIZ = 0x10;
export const SIOCGIFFLAGS = 0x8913;
export const SIOCSIFFLAGS = 0x8914;
export const SIOCGIFINDEX = 0x8933;
export const SIOCGIFNAME = 0x8910;
export const SIOCSIFNAME = 0x8923;
export const SIOCGIFMTU = 0x8921;
export const SIOCSIFMTU = 0x8922;
export const SIOCGIFADDR = 0x8915;
export const SIOCGSKNS = 0x894c;
export const IFLA_ADDRESS = 0x1;
export const IFLA_BROADCAST = 0x2;
export const IFLA_IFNAME = 0x3;
export const IFLA_MTU = 0x4;
export const IFLA_LINK = 0x5;
export const IFLA_MASTER = 0xa;
export const IFLA_TXQLEN = 0xd;
export const IFLA_OPERSTATE = 0x10;
export const IFLA_LINKINFO = 0x12;
export const IFLA_NET_NS_PID = 0x13;
export const IFLA_NET_NS_FD = 0x1c;
export const IFLA_GROUP = 0x1b;
export const IFLA_EXT_MASK = 0x1d;
export const IFLA_LINK_NETNSID = 0x25;
export const IFLA_NEW_IFINDEX = 0x31;
export const IFLA_PROP_LIST = 0x34;
export const IFLA_ALT_IFNAME = 0x35;
export const IFLA_TARGET_NETNSID = 0x2e;
export const IFLA_INFO_KIND = 0x1;
export const IFLA_INFO_DATA = 0x2;
export const IFLA_STATS64 = 0x17;
export const IFA_ADDRESS = 0x1;
export const IFA_LOCAL = 0x2;
export const IFA_LABEL = 0x3;
export const IFA_BROADCAST = 0x4;
export const IFA_ANYCAST = 0x5;
export const IFA_CACHEINFO = 0x6;
export const IFA_FLAGS = 0x8;
export const IFA_RT_PRIORITY = 0x9;
export const IFA_TARGET_NETNSID = 0xa;
export const IFA_F_SECONDARY = 0x1;
export const IFA_F_NODAD = 0x2;
export const IFA_F_TENTATIVE = 0x40;
export const IFA_F_PERMANENT = 0x80;
export const IFA_F_MANAGETEMPADDR = 0x100;
export const IFA_F_NOPREFIXROUTE = 0x200;
export const RT_SCOPE_UNIVERSE = 0x0;
export const RT_SCOPE_LINK = 0xfd;
export const RT_SCOPE_HOST = 0xfe;
export const RT_TABLE_MAIN = 0xfe;
export const RT_TABLE_LOCAL = 0xff;
export const RTN_UNICAST = 0x1;
export const RTPROT_BOOT = 0x3;
export const RTPROT_STATIC = 0x4;
export const RTPROT_KERNEL = 0x2;
export const RTA_DST = 0x1;
export const RTA_OIF = 0x4;
export const RTA_GATEWAY = 0x5;
export const RTA_PRIORITY = 0x6;
export const RTA_PREFSRC = 0x7;
export const RTA_TABLE = 0xf;

// terminals
export const TIOCGPTPEER = 0x5441;
export const TIOCGPTN = 0x80045430;
export const TIOCSPTLCK = 0x40045431;
export const TIOCGPTLCK = 0x80045439;
export const TIOCSCTTY = 0x540e;
export const TIOCNOTTY = 0x5422;
export const TIOCGWINSZ = 0x5413;
export const TIOCSWINSZ = 0x5414;
export const TIOCSTI = 0x5412;
export const TIOCGPGRP = 0x540f;
export const TIOCSPGRP = 0x5410;
export const TIOCGSID = 0x5429;
export const TIOCLINUX = 0x541c;
export const TIOCVHANGUP = 0x5437;
export const TIOCEXCL = 0x540c;
export const TIOCNXCL = 0x540d;
export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TCSETSW = 0x5403;
export const TCSETSF = 0x5404;
export const TCGETS2 = 0x802c542a;
export const TCSETS2 = 0x402c542b;
export const TCFLSH = 0x540b;
export const TCSANOW = 0x0;
export const TCSADRAIN = 0x1;
export const TCSAFLUSH = 0x2;
export const TCIFLUSH = 0x0;
export const TCOFLUSH = 0x1;
export const TCIOFLUSH = 0x2;
export const FIONREAD = 0x541b;
export const FIONBIO = 0x5421;
export const FIOCLEX = 0x5451;
export const FIONCLEX = 0x5450;
export const FIOASYNC = 0x5452;
export const IGNBRK = 0x1;
export const BRKINT = 0x2;
export const IGNPAR = 0x4;
export const PARMRK = 0x8;
export const INPCK = 0x10;
export const ISTRIP = 0x20;
export const INLCR = 0x40;
export const IGNCR = 0x80;
export const ICRNL = 0x100;
export const IXON = 0x400;
export const IXANY = 0x800;
export const IXOFF = 0x1000;
export const IUTF8 = 0x4000;
export const OPOST = 0x1;
export const ONLCR = 0x4;
export const OCRNL = 0x8;
export const ECHO = 0x8;
export const ECHOE = 0x10;
export const ECHOK = 0x20;
export const ECHONL = 0x40;
export const ECHOCTL = 0x200;
export const ECHOKE = 0x800;
export const ICANON = 0x2;
export const ISIG = 0x1;
export const IEXTEN = 0x8000;
export const NOFLSH = 0x80;
export const TOSTOP = 0x100;
export const CSIZE = 0x30;
export const CS8 = 0x30;
export const CREAD = 0x80;
export const CLOCAL = 0x800;
export const PARENB = 0x100;
export const HUPCL = 0x400;
export const CSTOPB = 0x40;
export const VINTR = 0x0;
export const VQUIT = 0x1;
export const VERASE = 0x2;
export const VKILL = 0x3;
export const VEOF = 0x4;
export const VTIME = 0x5;
export const VMIN = 0x6;
export const VSTART = 0x8;
export const VSTOP = 0x9;
export const VSUSP = 0xa;
export const NCCS = 0x13;
export const TERMIOS_SIZE = 0x24;
export const TTY_MAJOR = 0x4;
export const TTYAUX_MAJOR = 0x5;
export const UNIX98_PTY_SLAVE_MAJOR = 0x88;

// namespace files
export const NS_GET_USERNS = 0xb701;
export const NS_GET_PARENT = 0xb702;
export const NS_GET_NSTYPE = 0xb703;
export const NS_GET_OWNER_UID = 0xb704;
export const NS_GET_MNTNS_ID = 0x8008b705;
export const NS_GET_PID_FROM_PIDNS = 0x8004b706;
export const NS_GET_TGID_FROM_PIDNS = 0x8004b707;
export const NS_GET_PID_IN_PIDNS = 0x8004b708;
export const NS_GET_TGID_IN_PIDNS = 0x8004b709;
export const PROC_CGROUP_INIT_INO = 0xeffffffb;
export const PROC_IPC_INIT_INO = 0xefffffff;
export const PROC_UTS_INIT_INO = 0xeffffffe;
export const PROC_USER_INIT_INO = 0xeffffffd;
export const PROC_PID_INIT_INO = 0xeffffffc;
export const PROC_TIME_INIT_INO = 0xeffffffa;

// file systems: magic numbers, inode flags
export const AAFS_MAGIC = 0x5a3c69f0;
export const ANON_INODE_FS_MAGIC = 0x9041934;
export const AUTOFS_SUPER_MAGIC = 0x187;
export const BINFMTFS_MAGIC = 0x42494e4d;
export const BPF_FS_MAGIC = 0xcafe4a11;
export const BTRFS_SUPER_MAGIC = 0x9123683e;
export const CGROUP_SUPER_MAGIC = 0x27e0eb;
export const CGROUP2_SUPER_MAGIC = 0x63677270;
export const DEBUGFS_MAGIC = 0x64626720;
export const DEVPTS_SUPER_MAGIC = 0x1cd1;
export const ECRYPTFS_SUPER_MAGIC = 0xf15f;
export const EFIVARFS_MAGIC = 0xde5e81e4;
export const EROFS_SUPER_MAGIC_V1 = 0xe0f5e1e2;
export const EXT4_SUPER_MAGIC = 0xef53;
export const F2FS_SUPER_MAGIC = 0xf2f52010;
export const FUSE_SUPER_MAGIC = 0x65735546;
export const HUGETLBFS_MAGIC = 0x958458f6;
export const NFS_SUPER_MAGIC = 0x6969;
export const NSFS_MAGIC = 0x6e736673;
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
export const PIPEFS_MAGIC = 0x50495045;
export const PROC_SUPER_MAGIC = 0x9fa0;
export const PSTOREFS_MAGIC = 0x6165676c;
export const RAMFS_MAGIC = 0x858458f6;
export const RDTGROUP_SUPER_MAGIC = 0x7655821;
export const SECURITYFS_MAGIC = 0x73636673;
export const SELINUX_MAGIC = 0xf97cff8c;
export const SOCKFS_MAGIC = 0x534f434b;
export const SQUASHFS_MAGIC = 0x73717368;
export const SYSFS_MAGIC = 0x62656572;
export const TMPFS_MAGIC = 0x1021994;
export const TRACEFS_MAGIC = 0x74726163;
export const V9FS_MAGIC = 0x1021997;
export const XFS_SUPER_MAGIC = 0x58465342;
export const MQUEUE_MAGIC = 0x19800202;
export const PID_FS_MAGIC = 0x50494446;
export const FS_IOC_GETFLAGS = 0x80086601;
export const FS_IOC_SETFLAGS = 0x40086602;
export const FS_IMMUTABLE_FL = 0x10;
export const FS_APPEND_FL = 0x20;

// limits, and the process flag that /proc/<pid>/stat shows
export const PATH_MAX = 0x1000;
export const NAME_MAX = 0xff;
export const ARG_MAX = 0x20000;
export const NGROUPS_MAX = 0x10000;
export const PIPE_BUF = 0x1000;
export const XATTR_SIZE_MAX = 0x10000;
export const XATTR_LIST_MAX = 0x10000;
export const __NEW_UTS_LEN = 0x40;
export const NSIG = 0x40;
export const PF_FORKNOEXEC = 0x40;

// errno
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const E2BIG = 7;
export const ENOEXEC = 8;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const ENOTBLK = 15;
export const EBUSY = 16;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOTTY = 25;
export const ETXTBSY = 26;
export const EFBIG = 27;
export const ENOSPC = 28;
export const ESPIPE = 29;
export const EROFS = 30;
export const EMLINK = 31;
export const EPIPE = 32;
export const EDOM = 33;
export const ERANGE = 34;
export const EDEADLK = 35;
export const ENAMETOOLONG = 36;
export const ENOLCK = 37;
export const ENOSYS = 38;
export const ENOTEMPTY = 39;
export const ELOOP = 40;
export const ENOMSG = 42;
export const EIDRM = 43;
export const ECHRNG = 44;
export const EL2NSYNC = 45;
export const EL3HLT = 46;
export const EL3RST = 47;
export const ELNRNG = 48;
export const EUNATCH = 49;
export const ENOCSI = 50;
export const EL2HLT = 51;
export const EBADE = 52;
export const EBADR = 53;
export const EXFULL = 54;
export const ENOANO = 55;
export const EBADRQC = 56;
export const EBADSLT = 57;
export const EBFONT = 59;
export const ENOSTR = 60;
export const ENODATA = 61;
export const ETIME = 62;
export const ENOSR = 63;
export const ENONET = 64;
export const ENOPKG = 65;
export const EREMOTE = 66;
export const ENOLINK = 67;
export const EADV = 68;
export const ESRMNT = 69;
export const ECOMM = 70;
export const EPROTO = 71;
export const EMULTIHOP = 72;
export const EDOTDOT = 73;
export const EBADMSG = 74;
export const EOVERFLOW = 75;
export const ENOTUNIQ = 76;
export const EBADFD = 77;
export const EREMCHG = 78;
export const ELIBACC = 79;
export const ELIBBAD = 80;
export const ELIBSCN = 81;
export const ELIBMAX = 82;
export const ELIBEXEC = 83;
export const EILSEQ = 84;
export const ERESTART = 85;
export const ESTRPIPE = 86;
export const EUSERS = 87;
export const ENOTSOCK = 88;
export const EDESTADDRREQ = 89;
export const EMSGSIZE = 90;
export const EPROTOTYPE = 91;
export const ENOPROTOOPT = 92;
export const EPROTONOSUPPORT = 93;
export const ESOCKTNOSUPPORT = 94;
export const EOPNOTSUPP = 95;
export const EPFNOSUPPORT = 96;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ENETRESET = 102;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const EISCONN = 106;
export const ENOTCONN = 107;
export const ESHUTDOWN = 108;
export const ETOOMANYREFS = 109;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTDOWN = 112;
export const EHOSTUNREACH = 113;
export const EALREADY = 114;
export const EINPROGRESS = 115;
export const ESTALE = 116;
export const EUCLEAN = 117;
export const ENOTNAM = 118;
export const ENAVAIL = 119;
export const EISNAM = 120;
export const EREMOTEIO = 121;
export const EDQUOT = 122;
export const ENOMEDIUM = 123;
export const EMEDIUMTYPE = 124;
export const ECANCELED = 125;
export const ENOKEY = 126;
export const EKEYEXPIRED = 127;
export const EKEYREVOKED = 128;
export const EKEYREJECTED = 129;
export const EOWNERDEAD = 130;
export const ENOTRECOVERABLE = 131;
export const ERFKILL = 132;
export const EHWPOISON = 133;

// errno, second names
export const EWOULDBLOCK = 11;
export const EDEADLOCK = 35;
export const ENOTSUP = 95;

/** Name of each errno, indexed by its number; undefined where Linux has none. */
export const ERRNO_NAMES: readonly (string | undefined)[] = [
  undefined,
  "EPERM",
  "ENOENT",
  "ESRCH",
  "EINTR",
  "EIO",
  "ENXIO",
  "E2BIG",
  "ENOEXEC",
  "EBADF",
  "ECHILD",
  "EAGAIN",
  "ENOMEM",
  "EACCES",
  "EFAULT",
  "ENOTBLK",
  "EBUSY",
  "EEXIST",
  "EXDEV",
  "ENODEV",
  "ENOTDIR",
  "EISDIR",
  "EINVAL",
  "ENFILE",
  "EMFILE",
  "ENOTTY",
  "ETXTBSY",
  "EFBIG",
  "ENOSPC",
  "ESPIPE",
  "EROFS",
  "EMLINK",
  "EPIPE",
  "EDOM",
  "ERANGE",
  "EDEADLK",
  "ENAMETOOLONG",
  "ENOLCK",
  "ENOSYS",
  "ENOTEMPTY",
  "ELOOP",
  undefined,
  "ENOMSG",
  "EIDRM",
  "ECHRNG",
  "EL2NSYNC",
  "EL3HLT",
  "EL3RST",
  "ELNRNG",
  "EUNATCH",
  "ENOCSI",
  "EL2HLT",
  "EBADE",
  "EBADR",
  "EXFULL",
  "ENOANO",
  "EBADRQC",
  "EBADSLT",
  undefined,
  "EBFONT",
  "ENOSTR",
  "ENODATA",
  "ETIME",
  "ENOSR",
  "ENONET",
  "ENOPKG",
  "EREMOTE",
  "ENOLINK",
  "EADV",
  "ESRMNT",
  "ECOMM",
  "EPROTO",
  "EMULTIHOP",
  "EDOTDOT",
  "EBADMSG",
  "EOVERFLOW",
  "ENOTUNIQ",
  "EBADFD",
  "EREMCHG",
  "ELIBACC",
  "ELIBBAD",
  "ELIBSCN",
  "ELIBMAX",
  "ELIBEXEC",
  "EILSEQ",
  "ERESTART",
  "ESTRPIPE",
  "EUSERS",
  "ENOTSOCK",
  "EDESTADDRREQ",
  "EMSGSIZE",
  "EPROTOTYPE",
  "ENOPROTOOPT",
  "EPROTONOSUPPORT",
  "ESOCKTNOSUPPORT",
  "EOPNOTSUPP",
  "EPFNOSUPPORT",
  "EAFNOSUPPORT",
  "EADDRINUSE",
  "EADDRNOTAVAIL",
  "ENETDOWN",
  "ENETUNREACH",
  "ENETRESET",
  "ECONNABORTED",
  "ECONNRESET",
  "ENOBUFS",
  "EISCONN",
  "ENOTCONN",
  "ESHUTDOWN",
  "ETOOMANYREFS",
  "ETIMEDOUT",
  "ECONNREFUSED",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EALREADY",
  "EINPROGRESS",
  "ESTALE",
  "EUCLEAN",
  "ENOTNAM",
  "ENAVAIL",
  "EISNAM",
  "EREMOTEIO",
  "EDQUOT",
  "ENOMEDIUM",
  "EMEDIUMTYPE",
  "ECANCELED",
  "ENOKEY",
  "EKEYEXPIRED",
  "EKEYREVOKED",
  "EKEYREJECTED",
  "EOWNERDEAD",
  "ENOTRECOVERABLE",
  "ERFKILL",
  "EHWPOISON",
];
