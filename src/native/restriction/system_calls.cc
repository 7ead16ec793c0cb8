#include "confinement.h"

#include <cerrno>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

namespace cloaca {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
// System calls of another ABI (x32) have higher numbers.
constexpr uint32_t kNumbersEnd = 0x40000000;
#else
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr uint32_t kNumbersEnd = 0xffffffff;
#endif

constexpr long kForbidden[] = {
    SYS_execve,            SYS_execveat,          SYS_ptrace,        SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_kcmp,              SYS_bpf,           SYS_perf_event_open,
    SYS_userfaultfd,       SYS_keyctl,            SYS_add_key,       SYS_request_key,
    SYS_mount,             SYS_umount2,           SYS_pivot_root,    SYS_chroot,
    SYS_setns,             SYS_unshare,           SYS_init_module,   SYS_finit_module,
    SYS_kexec_load,        SYS_reboot,            SYS_swapon,        SYS_swapoff,
    SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_acct,          SYS_quotactl,
    SYS_settimeofday,      SYS_sethostname,       SYS_setdomainname, SYS_personality,
    SYS_fanotify_init,     SYS_lookup_dcookie,    SYS_nfsservctl,
#if defined(__x86_64__)
    SYS_fork,             SYS_vfork,             SYS_iopl,         SYS_ioperm,             SYS_modify_ldt,
#endif
    // Newer than the headers of some systems, with the same numbers on all processors.
    425,  // io_uring_setup: what it does is not seen here
    428, 429, 430, 431, 432, 433,  // open_tree, move_mount, fsopen, fsconfig, fsmount, fspick
    438,  // pidfd_getfd
    442,  // mount_setattr
};

constexpr uint32_t kThreadFlag = CLONE_THREAD;
constexpr long kClone3 = 435;

sock_filter statement(uint16_t code, uint32_t value) { return BPF_STMT(code, value); }
sock_filter jump(uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  return BPF_JUMP(code, value, if_true, if_false);
}
sock_filter load(size_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
sock_filter answer(int error) {
  return statement(BPF_RET | BPF_K, error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA));
}
// The low half of an argument, on processors that store it first.
constexpr size_t argument(size_t index) { return offsetof(seccomp_data, args) + index * sizeof(uint64_t); }

void forbid(std::vector<sock_filter>& filter, long number, int error) {
  filter.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
  filter.push_back(answer(error));
}

// Limits sockets to these families.
void limit_sockets(std::vector<sock_filter>& filter, const std::vector<int>& families) {
  filter.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, static_cast<uint8_t>(2 * families.size() + 2)));
  filter.push_back(load(argument(0)));
  for (const int family : families) {
    filter.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(family), 0, 1));
    filter.push_back(answer(0));
  }
  filter.push_back(answer(EACCES));
}

// Allows new threads, but no processes.
void limit_clone(std::vector<sock_filter>& filter) {
  filter.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
  filter.push_back(load(argument(0)));
  filter.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, kThreadFlag, 0, 1));
  filter.push_back(answer(0));
  filter.push_back(answer(EPERM));
}

std::vector<sock_filter> filter_of(bool has_network) {
  std::vector<sock_filter> filter;
  filter.push_back(load(offsetof(seccomp_data, arch)));
  filter.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  filter.push_back(answer(EPERM));
  filter.push_back(load(offsetof(seccomp_data, nr)));
  filter.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, kNumbersEnd, 0, 1));
  filter.push_back(answer(EPERM));
  for (const long number : kForbidden) forbid(filter, number, EPERM);
  // The flags of clone3 are in memory, which a filter cannot read. The C library then uses `clone`.
  forbid(filter, kClone3, ENOSYS);
  limit_sockets(filter, has_network ? std::vector<int>{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}
                                    : std::vector<int>{AF_UNIX});
  limit_clone(filter);
  filter.push_back(answer(0));
  return filter;
}

}  // namespace

int forbid_system_calls(bool has_network) {
  std::vector<sock_filter> filter = filter_of(has_network);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  const long answered = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (answered == 0) return 0;
  // A positive result is the id of a thread that the filter could not be applied to.
  return answered > 0 ? EAGAIN : errno;
}

}  // namespace cloaca

#else

namespace cloaca {

int forbid_system_calls(bool) { return ENOSYS; }

}  // namespace cloaca

#endif
