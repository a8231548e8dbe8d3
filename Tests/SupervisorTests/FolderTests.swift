import Glibc
import Supervisor
import TestSupport
import Testing

struct FolderTests {
    @Test func `a folder is created with its parents, and an existing one is not changed`() throws {
        let folder = TemporaryFolder()
        try Folder.make(folder.file("a/b/c"), mode: 0o700)
        try Folder.make(folder.file("a/b/c"), mode: 0o755)
        var status = stat()
        #expect(stat(folder.file("a/b/c"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test func `a path where no folder can be created is an error, and so is a file`() throws {
        let folder = TemporaryFolder()
        try folder.write("", to: "file")
        for path in ["/proc/millrace/data", folder.file("file"), folder.file("file/data")] {
            #expect(throws: SetupError.self) { try Folder.make(path) }
        }
    }
}
