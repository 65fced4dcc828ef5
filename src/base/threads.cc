#include "base/threads.h"

#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace orthrus {

namespace {

// Cores behind the processors of the affinity mask: hyper-threads of one core count once.
int cores_of_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  std::set<std::pair<int, int>> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set)) continue;
    const std::string topology = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    int package = 0, core = cpu;
    std::ifstream(topology + "physical_package_id") >> package;
    if (!(std::ifstream(topology + "core_id") >> core)) core = cpu;
    cores.emplace(package, core);
  }
  return std::max(1, static_cast<int>(cores.size()));
}

// Quota of a cgroup in whole processors (rounded up), or 0 when there is none.
int cgroup_quota() {
  std::string quota;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> quota >> period) {
    if (quota == "max" || period <= 0) return 0;
    return static_cast<int>(std::ceil(std::stod(quota) / period));
  }
  double microseconds = 0;
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (!(v1_quota >> microseconds) || !(v1_period >> period)) return 0;
  return microseconds > 0 && period > 0 ? static_cast<int>(std::ceil(microseconds / period)) : 0;
}

}  // namespace

int usable_cores() {
  const int quota = cgroup_quota();
  const int cores = cores_of_affinity();
  return quota > 0 ? std::min(quota, cores) : cores;
}

void bound_spinning(char** argv) {
  // A fraction of a millisecond: longer than the parts of a parallel loop differ on a machine that
  // is free, shorter than a time slice of another process.
  constexpr const char* kSpins = "10000";
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  if (setenv("GOMP_SPINCOUNT", kSpins, 0) != 0) return;
  execv("/proc/self/exe", argv);
}

void set_threads(int threads) {
  omp_set_num_threads(threads);
}

int current_threads() {
  return omp_get_max_threads();
}

void parallel_for(int64_t count, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t parts = std::clamp<int64_t>(count, 1, current_threads());
  std::vector<std::exception_ptr> failures(static_cast<size_t>(parts));
#pragma omp parallel for schedule(static, 1)
  for (int64_t part = 0; part < parts; ++part) {
    try {
      body(count * part / parts, count * (part + 1) / parts);
    } catch (...) {
      failures[static_cast<size_t>(part)] = std::current_exception();
    }
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace orthrus
