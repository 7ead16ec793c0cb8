// The group of a child process that Node starts, which Node cannot choose: its children have the group of their parent, or a session.

#pragma once

namespace cloaca {

// The children that this thread forks from now on lead a group (0), are in that group, or in their parent's (negative). Before
// it becomes another program: a child that is not allowed to join ends instead, with status 255. Returns 0 or an error number:
// ENOSYS where Node does not fork. One thread of a process calls these.
int set_child_group(int group);

// What came of the last child since: 0 or an error number; negative when none was forked.
int child_group_error();

}  // namespace cloaca
