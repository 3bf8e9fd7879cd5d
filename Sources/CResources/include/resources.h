extern int imprimatur_placeholder;
