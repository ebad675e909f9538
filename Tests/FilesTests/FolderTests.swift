import Glibc
import Testing

@testable import Files

@Suite struct `A kept folder` {
    @Test func `keeps files whole, for their owner alone`() throws {
        let scratch = try Scratch()
        let folder = try scratch.folder()
        #expect(try folder.read("a", sizeMax: 9, .secret) == nil)
        #expect(try folder.create("a", with: Array("one".utf8)))
        #expect(try !folder.create("a", with: Array("two".utf8)))
        try folder.replace("a", with: Array("three".utf8))
        #expect(try folder.read("a", sizeMax: 5, .secret) == Array("three".utf8))
        #expect(folder.status(of: "a")?.mode == 0o600)
        #expect(try folder.names() == ["a"])
        #expect(fault { () throws(FileFault) in try folder.read("a", sizeMax: 4, .secret) }?.code == .tooLong)
        try folder.rename("a", to: "b")
        try folder.remove("b")
        try folder.remove("b")
        #expect(try folder.names() == [])
    }

    @Test func `writes over what a crash has left, where the caller is alone`() throws {
        let scratch = try Scratch()
        try scratch.shell("echo torn > a.new")
        try scratch.folder().replace("a", with: Array("whole".utf8), isAlone: true)
        #expect(try scratch.folder().names() == ["a"] && scratch.text("a") == "whole")
    }

    @Test(arguments: [
        ("ln -s /etc/passwd f", FileFault.Code.link, "is a symbolic link, not a file"),
        ("ln -s nothing f", .link, "is a symbolic link"), ("mkfifo f", .kind, "is a pipe, not a file"),
        ("mkdir f", .kind, "is a folder, not a file"),
        ("touch f; chmod 644 f", .mode, "can be read by others (mode 0644)"),
        ("touch f; chmod 620 f", .mode, "can be written by others (mode 0620)"),
    ]) func `refuses by name what is no file of ours`(line: String, code: FileFault.Code, says: String) throws {
        let scratch = try Scratch()
        try scratch.shell(line)
        let folder = try scratch.folder()
        var refused = [fault { () throws(FileFault) in try folder.read("f", sizeMax: 9, .secret) }]
        refused.append(fault { () throws(FileFault) in try folder.lock("f") })
        if code != .mode {
            refused.append(fault { () throws(FileFault) in try folder.replace("f", with: [1]) })
            refused.append(
                fault { () throws(FileFault) in
                    try folder.append([1], to: "f", .secret, lockTimeout: .zero)
                })
        }
        for each in refused {
            #expect(each?.code == code && each?.description.contains("\(scratch.path)/f \(says)") == true, "\(each!)")
        }
        #expect(try folder.names() == ["f"])
    }

    @Test func `refuses a stranger's file, and one with a second name to be written in place`() throws {
        let scratch = try Scratch()
        let folder = try scratch.folder()
        _ = try folder.create("f", with: [])
        try scratch.shell("ln f g")
        #expect(
            fault { () throws(FileFault) in try folder.append([], to: "f", .secret, lockTimeout: .zero) }?.code
                == .names)
        #expect(fault { () throws(FileFault) in try folder.lock("f") }?.code == .names)
        #expect(try folder.read("f", sizeMax: 1, .secret) == [])
        guard isRoot else { return }
        try scratch.shell("chown nobody f")
        let refused = fault { () throws(FileFault) in try folder.read("f", sizeMax: 1, .secret) }
        #expect(refused?.code == .owner)
        #expect(
            refused?.description.contains("belongs to nobody, not to root; run `chown root \(scratch.path)/f`") == true)
    }

    @Test func `that others can write to is refused, unless they cannot take away`() throws {
        let scratch = try Scratch()
        for (mode, sharing, isTaken) in [
            ("0770", Folder.Sharing.none, false), ("0702", .sticky, false), ("1777", .none, false),
            ("1777", .sticky, true),
            ("0755", .none, true), ("0777", .callers, true),
        ] {
            try scratch.shell("chmod \(mode) .")
            #expect(((try? Folder.open(scratch.path, sharing: sharing)) != nil) == isTaken, "\(mode)")
        }
        #expect(try Folder.open("\(scratch.path)/none", sharing: .none) == nil)
        try scratch.shell("chmod 700 .; touch file")
        #expect(
            fault { () throws(FileFault) in try Folder.open("\(scratch.path)/file", sharing: .none) }?.code == .system)
    }

    @Test func `of another account is taken where root or that account has put it`() throws {
        guard isRoot else { return }
        let scratch = try Scratch()
        try scratch.shell("mkdir -p given/own open/own && chown -R nobody given open/own && chmod 1777 open")
        let given = try Folder.existing("\(scratch.path)/given", sharing: .none)
        _ = try Folder.existing("\(scratch.path)/given/own", sharing: .none)
        let refused = fault { () throws(FileFault) in try Folder.open("\(scratch.path)/open/own", sharing: .none) }
        #expect(refused?.code == .owner && refused?.description.contains("belongs to nobody, and we are root") == true)
        // What root makes there is that account's.
        #expect(try given.create("f", with: []))
        let made = try Folder.make("\(scratch.path)/given/new", sharing: .none)
        #expect(given.status(of: "f")?.owner == 65534 && made.status.owner == 65534)
        // A link is as good as whoever made it.
        try scratch.shell("ln -s given ours && ln -s given theirs && chown -h 1 theirs")
        _ = try Folder.existing("\(scratch.path)/ours", sharing: .none)
        #expect(
            fault { () throws(FileFault) in try Folder.open("\(scratch.path)/theirs/", sharing: .none) }?.code == .link)
    }

    @Test func `is made anew only where nothing is`() throws {
        let scratch = try Scratch()
        #expect(try Folder.makeNew("\(scratch.path)/a").status.mode == 0o700)
        for line in ["true", "rmdir a; ln -s /tmp a", "rm a; mkfifo a"] {
            try scratch.shell(line)
            #expect(fault { () throws(FileFault) in try Folder.makeNew("\(scratch.path)/a") }?.code == .present)
        }
    }
}

@Suite struct `A lock on a file` {
    @Test func `has one holder, or several who share it`() throws {
        let scratch = try Scratch()
        let folder = try scratch.folder()
        let (one, two) = (try folder.lock("l"), try folder.lock("l"))
        #expect(try one.tryExclusive())
        #expect(try !two.tryExclusive() && !two.tryShared())
        #expect(fault { () throws(FileFault) in try two.waitExclusive(.milliseconds(20)) }?.code == .busy)
        one.release()
        #expect(try one.tryShared() && two.tryShared() && !one.tryExclusive())
        one.note = "a note"
        #expect(two.note == "a note")
    }

    @Test func `that was taken away or replaced is no lock`() throws {
        let scratch = try Scratch()
        let folder = try scratch.folder()
        let (held, late) = (try folder.lock("l"), try folder.lock("l"))
        #expect(try held.tryExclusive())
        try held.requireInPlace()
        try folder.remove("l")
        #expect(fault { () throws(FileFault) in try held.requireInPlace() }?.code == .removed)
        #expect(try folder.lock("l").tryExclusive())
        #expect(fault { () throws(FileFault) in try held.requireInPlace() }?.code == .removed)
        held.release()
        let refused = fault { () throws(FileFault) in try late.tryExclusive() }
        #expect(refused?.description.contains("\(scratch.path)/l was removed or replaced") == true)
    }
}

@Suite struct `A file of lines` {
    @Test func `grows by whole lines, and loses what was cut off`() throws {
        let scratch = try Scratch()
        let file = KeptFile("\(scratch.path)/lines", .readable)
        try file.append(Array("one\n".utf8), lockTimeout: .zero)
        try scratch.shell("printf 'tor' >> lines")
        try file.append(Array("two\n".utf8), lockTimeout: .zero)
        #expect(try file.read() == Array("one\ntwo\n".utf8))
        // Longer than what is looked through at once.
        try scratch.shell("head -c 200000 /dev/zero >> lines")
        try file.append(Array("three\n".utf8), lockTimeout: .zero)
        #expect(scratch.text("lines") == "one\ntwo\nthree\n")
    }

    @Test func `is written by one at a time`() throws {
        let scratch = try Scratch()
        let file = KeptFile("\(scratch.path)/lines", .readable)
        try file.append([0x0A], lockTimeout: .zero)
        let holder = try scratch.folder().lock("lines")
        // A child that another test starts at this moment holds what it inherits until it has become its program.
        try holder.waitExclusive(.seconds(10))
        #expect(
            fault { () throws(FileFault) in try file.append([0x0A], lockTimeout: .milliseconds(20)) }?.code == .busy)
        #expect(try file.read()?.count == 1)
    }
}
