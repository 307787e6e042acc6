import CLinux
import Glibc

// What must be asked of the kernel itself, past whatever stands in for the C library's functions.

func kernelStatus(of file: Int32, _ status: inout stat) -> Int32 {
  kernel_fstat(file, &status)
}

/// Of a link, and not of what it leads to.
func kernelStatus(ofPath path: String, in folder: Int32, _ status: inout stat) -> Int32 {
  kernel_fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW)
}

/// The clock that the kernel takes the times of files from (clock_gettime(2)).
func kernelFileClock() -> timespec {
  var time = timespec()
  // It cannot fail: this clock is there since Linux 2.6.32. Time zero would settle nothing.
  _ = kernel_clock_gettime(CLOCK_REALTIME_COARSE, &time)
  return time
}

extension System {
  /// The clock that neither a step nor a suspended machine moves (`CLOCK_MONOTONIC`), in
  /// microseconds.
  public static var monotonicMicroseconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
  }
}

/// Declared by CLinux, for Glibc's module leaves it out.
func renameInFolder(_ old: String, _ new: String, _ folder: Int32, flags: UInt32) -> Int32 {
  renameat2(folder, old, folder, new, flags)
}
