s/request_valid = (state\$q == SendState\$Request) & ~discards;/request_valid = state$q == SendState$Request;/
