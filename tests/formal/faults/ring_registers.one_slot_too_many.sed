s/is_used\$d = used\$q >= count_wide;/is_used$d = used$q > count_wide;/
