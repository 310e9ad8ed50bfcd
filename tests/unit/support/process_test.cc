#include "tests/support/process.h"

#include <csignal>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace ficus::tests;

namespace {

Command shell(std::string script) { return {{"sh", "-c", std::move(script)}}; }

}  // namespace

TEST_CASE("a program's exit code and outputs are told apart") {
  const Finished finished = run(shell("echo out; echo error >&2; exit 3"));
  CHECK(finished.exit.code == 3);
  CHECK(finished.exit.signal == 0);
  CHECK(finished.out == "out\n");
  CHECK(finished.error == "error\n");
}

TEST_CASE("a program gets environment, folder and input") {
  const TemporaryFolder folder;
  Command command = shell("read line; echo $line $WORD; pwd");
  command.environment = {{"WORD", "there"}};
  command.folder = folder.path();
  command.input = "hello\n";
  CHECK(run(command).out == "hello there\n" + folder.path().string() + "\n");
}

TEST_CASE("lines are waited for in order") {
  Process process(shell("echo one 1; echo two; echo one 2; exec sleep 60"));
  CHECK(process.wait_for_line("one") == "one 1");
  CHECK(process.wait_for_line("one") == "one 2");
  CHECK(process.running());
  CHECK(process.resident_bytes() > 0);
  process.signal(SIGTERM);
  CHECK(process.wait().signal == SIGTERM);
  CHECK_FALSE(process.running());
}

TEST_CASE("a line that never comes is reported with the output so far") {
  Process process(shell("echo something else"));
  CHECK_THROWS_WITH(process.wait_for_line("ready"), ContainsSubstring("something else"));
}

TEST_CASE("a process does not outlive its object") {
  pid_t pid = 0;
  {
    Process process(shell("trap '' TERM; echo ready; while :; do sleep 60; done"));
    process.wait_for_line("ready");
    pid = process.pid();
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a program that does not exist is an error with its name") {
  CHECK_FALSE(find_program("no-such-program"));
  CHECK_THROWS_WITH(Process(Command{{"no-such-program"}}), ContainsSubstring("no-such-program"));
}

TEST_CASE("a temporary folder disappears with its contents") {
  std::filesystem::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    CHECK(read_file(folder.write("a/b.txt", "text")) == "text");
  }
  CHECK_FALSE(std::filesystem::exists(path));
}
