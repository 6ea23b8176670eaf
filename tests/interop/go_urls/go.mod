module go_urls

go 1.24
