import Testing

@testable import Files

@Suite struct `Files that callers name` {
    @Test func `are read through links and pipes, whosever they are`() throws {
        let scratch = try Scratch()
        try scratch.shell("echo text > f; chmod 666 f; ln -s f link; mkfifo pipe; mkdir d; (echo piped > pipe &)")
        if isRoot { try scratch.shell("chown nobody f") }
        for (name, text, size) in [("f", "text\n", 5), ("link", "text\n", 5), ("pipe", "piped\n", nil)] {
            let file = try InputFile.open("\(scratch.path)/\(name)")
            #expect(file.size == size)
            #expect(try file.content(sizeMax: 6) == Array(text.utf8))
        }
        #expect(
            fault { () throws(FileFault) in try InputFile.open("\(scratch.path)/f").content(sizeMax: 4) }?.code
                == .tooLong)
        #expect(fault { () throws(FileFault) in try InputFile.open("\(scratch.path)/d") }?.code == .kind)
        #expect(fault { () throws(FileFault) in try InputFile.open("\(scratch.path)/none") }?.code == .system)
        // What lies in a folder was not named: nobody waits at a pipe there.
        #expect(fault { () throws(FileFault) in try InputFile.open(within: "\(scratch.path)/pipe") }?.code == .kind)
        #expect(try InputFolder.files(in: scratch.path) == ["f", "link"])
        #expect(try InputFolder.names(in: scratch.path) == ["d", "f", "link", "pipe"])
        #expect(InputFolder.isFolder("\(scratch.path)/d") && !InputFolder.exists("\(scratch.path)/none"))
    }

    @Test func `appear once they are whole`() throws {
        let scratch = try Scratch()
        try scratch.shell("echo old > f")
        do {
            let file = try OutputFile(replacing: "\(scratch.path)/f")
            try file.write(Array("half".utf8))
            #expect(scratch.text("f") == "old\n")
        }
        #expect(try InputFolder.names(in: scratch.path) == ["f"], "what was given up is gone")
        let file = try OutputFile(replacing: "\(scratch.path)/f")
        try file.write(Array("new".utf8))
        try file.finish()
        #expect(scratch.text("f") == "new")
        #expect(try scratch.folder().status(of: "f")?.mode == 0o600)
    }

    @Test func `are not written through a link, into a pipe or over a stranger's file`() throws {
        let scratch = try Scratch()
        try scratch.shell("echo kept > kept; ln -s kept link; mkfifo pipe; mkdir d; echo his > his")
        if isRoot { try scratch.shell("chown nobody his") }
        for (name, code) in [("link", FileFault.Code.link), ("pipe", .kind), ("d", .kind)]
            + (isRoot ? [("his", .owner)] : [])
        {
            #expect(
                fault { () throws(FileFault) in try OutputFile(replacing: "\(scratch.path)/\(name)") }?.code == code)
            #expect(
                fault { () throws(FileFault) in try OutputFile(growing: "\(scratch.path)/\(name)") }?.code == .present)
        }
        // Laid there while it was written.
        let file = try OutputFile(replacing: "\(scratch.path)/late")
        try scratch.shell("ln -s kept late")
        #expect(fault { () throws(FileFault) in try file.finish() }?.code == .link)
        #expect(scratch.text("kept") == "kept\n")
    }

    @Test func `have a folder and a name`() {
        for (path, folder, name) in [
            ("a", ".", "a"), ("/a", "/", "a"), ("b/a", "b", "a"), ("/c/b/a//", "/c/b", "a"), ("/", "/", ""),
        ] {
            let place = FilePlace(path)
            #expect(place.folder == folder && place.name == name, "\(path)")
        }
    }
}
