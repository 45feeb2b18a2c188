package snapshot

// sysFstatat is the number of newfstatat on Linux.
const sysFstatat = 262
