#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/// Gives memory that was freed, and that the C library keeps for later, back to the system. Takes milliseconds. Does nothing
/// where the C library has no such function.
void allocator_give_back(void);

#endif
