module go_verify

go 1.24
