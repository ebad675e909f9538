import Glibc

/// Runs shell scripts without Foundation.
enum Shell {
    /// Runs `script` with `argument` as `$1` and waits for its exit status. Its output goes where the script sends it.
    static func run(_ script: String, argument: String) throws(TestCluster.Failure) -> Int32 {
        let process = try spawn(script, argument: argument, input: nil, name: "start")
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw TestCluster.Failure(description: "waitpid failed: errno \(errno)") }
        }
        return status
    }

    /// Starts `script` in a session of its own, so that no Ctrl-C at the terminal reaches it, and without our output,
    /// which would keep whoever reads it waiting for the script's end.
    static func spawn(
        _ script: String, argument: String, input: Int32?, name: String = "stop"
    ) throws(TestCluster.Failure) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)

        let texts = ["setsid", "/bin/sh", "-c", script, name, argument]
        let words: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var process: pid_t = 0
        let outcome = unsafe posix_spawnp(&process, "setsid", &actions, nil, words, environ)
        guard outcome == 0 else { throw TestCluster.Failure(description: "posix_spawn failed: errno \(outcome)") }
        return process
    }
}
