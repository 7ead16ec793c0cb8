// Process group of a child process of Node. Node gives it the parent's group or a new session, and no other group.

#pragma once

namespace cloaca {

// Sets the group of children that this thread forks from now on: a new group that they lead (0), the given group, or
// the parent's group (negative). It is set before the child becomes another program; a child that may not join the
// group ends with status 255. Returns 0 or an error number: ENOSYS if Node does not fork. Only one thread of a process
// calls these functions.
int set_child_group(int group);

// Result for the last child since: 0 or an error number; negative if none was forked.
int child_group_error();

}  // namespace cloaca
