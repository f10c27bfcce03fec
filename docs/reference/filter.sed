# What doxygen is to read instead of the header as it stands. The lines stay where they are: warnings name them.

# The guide is the first comment of more than one line. A paragraph of it begins with words in capitals: its head.
1,/^ \*\//{
    /^ \*$/{
        N
        s/\n \* \(\(A \)\{0,1\}[A-Z]\{2\}[A-Z']*\( [A-Z][A-Z']*\)*[.?]\{0,1\}\)\([ ,]\)/\n * **\1**\4/
    }
}

/@code/,/@endcode/!{
    # Doxygen takes a "%" away that stands before a word.
    s/%/\\%/g
    # A constant becomes a link, and one that is not there a warning; not in quotes, and not with arguments.
    /^ *\*/{
        s/\<TRRO_[A-Z_]*[A-Z]\>/#&/g
        s/\(["`]\)#TRRO_/\1TRRO_/g
        s/#\(TRRO_[A-Z_]*(\)/\1/g
    }
}
