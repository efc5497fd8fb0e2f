module modelcache.test/bench/server

go 1.24
